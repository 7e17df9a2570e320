import { ManualClock } from '@barkeep/core';
import type { ChangeEvent } from '@barkeep/storage';
import { expect, it } from 'vitest';
import { ChildProcess } from './child-process.ts';
import { BTC, MINUTE, minutes, openStorage, START, temporaryPath } from './temporary-database.ts';

it('two processes write and read one database at a time and hear of each other', async () => {
  const path = temporaryPath();
  const children = [
    new ChildProcess('share-database.ts', [path, 'KRW-BTC', 'KRW-ETH']),
    new ChildProcess('share-database.ts', [path, 'KRW-ETH', 'KRW-BTC']),
  ];
  for (const child of children) expect(await child.line()).toBe('ready');
  for (const child of children) child.send('go');
  for (const child of children) expect(await child.line()).toBe('2000');
  for (const child of children) expect(await child.exitCode()).toBe(0);
  const storage = await openStorage(path);
  expect(await storage.integrity?.check()).toMatchObject({ ok: true, series: 2, candles: 4_000 });
});

it.each([0, 1])('hears of other connections by its clock, with %i readers', async (readers) => {
  const path = temporaryPath();
  const clock = new ManualClock();
  const follower = await openStorage(path, { clock, readers, changePollMs: 1_000 });
  const other = await openStorage(path, { readers: 0 });
  const heard = Promise.withResolvers<void>();
  const events: ChangeEvent[] = [];
  const unsubscribe = follower.changes.subscribe((event) => {
    events.push(event);
    if (event.type === 'coverage') heard.resolve();
  });
  await follower.metadata.set('not', 'a change of candles');
  const covers = { from: START, to: START + 5 * MINUTE };
  await other.candles.write({ key: BTC, candles: minutes(0, 5), covers });
  expect(events).toEqual([]);
  clock.advance(1_000);
  await heard.promise;
  expect(events).toEqual([
    { type: 'candles', key: BTC, interval: covers, origin: 'remote' },
    { type: 'coverage', key: BTC, interval: covers, origin: 'remote' },
  ]);
  unsubscribe();
});
