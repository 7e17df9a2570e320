import { ManualClock } from '@barkeep/core';
import { type ChangeEvent, EVER } from '@barkeep/storage';
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

it('hears what another process changes and announces, and has new revisions by it', async () => {
  const path = temporaryPath();
  const storage = await openStorage(path, { changePollMs: 5 });
  await storage.candles.write({ key: BTC, candles: minutes(0, 10) });
  await storage.candles.write({ key: BTC, candles: minutes(5_000, 5_010) });
  const NEW = { ...BTC, symbol: 'KRW-NEW' };
  const range = { from: START, to: START + 10 * MINUTE };
  const far = { from: START + 5_000 * MINUTE, to: START + 5_010 * MINUTE };
  const events: ChangeEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const unsubscribe = storage.changes.subscribe((event) => {
    events.push(event);
    wake.resolve();
  });
  const heard = async (count: number) => {
    while (events.length < count) {
      wake = Promise.withResolvers();
      await wake.promise;
    }
    return events.splice(0);
  };

  const child = new ChildProcess('change-and-announce.ts', [path]);
  expect(await child.line()).toBe('ready');
  const tell = async (deed: string) => {
    child.send(deed);
    expect(await child.line()).toBe(deed);
  };
  const minute = { from: START + 5 * MINUTE, to: START + 6 * MINUTE };
  const told = (type: string, interval = minute, key = BTC) => ({
    type,
    key,
    interval,
    origin: 'remote',
  });
  const [first, farAway] = await storage.candles.revisions(BTC, [range, far]);
  const seen = [first];
  for (const [deed, expected] of [
    ['write', [told('candles')]],
    ['announce', [told('candles'), told('coverage')]],
    ['remove', [told('candles')]],
    ['write', [told('candles')]],
  ] as const) {
    await tell(deed);
    const [revision, other] = await storage.candles.revisions(BTC, [range, far]);
    expect(seen, deed).not.toContain(revision);
    expect(other, deed).toBe(farAway);
    seen.push(revision);
    expect(await heard(expected.length)).toEqual(expected);
  }
  await tell('same');
  expect(await storage.candles.revisions(BTC, [range])).toEqual([seen.at(-1)]);

  const [unknown] = await storage.candles.revisions(NEW, [range]);
  await tell('announce-new');
  expect(await storage.candles.revisions(NEW, [range])).not.toEqual([unknown]);
  expect(await heard(2)).toEqual([told('candles', EVER, NEW), told('coverage', EVER, NEW)]);
  expect(await storage.candles.list({ symbol: NEW.symbol })).toEqual([]);

  const own = storage.candles.revisions(BTC, [range, far]);
  expect(await child.exitCode()).toBe(0);
  const texts = await own;
  unsubscribe();
  await storage.close();
  const again = await openStorage(path);
  expect(await again.candles.revisions(BTC, [range, far])).toEqual(texts);
});
