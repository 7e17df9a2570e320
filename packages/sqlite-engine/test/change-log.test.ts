import { expect, it } from 'vitest';
import { BTC, batch, candle, connect, MINUTE, openEngine, temporaryPath } from './test-database.ts';

const ETH = { ...BTC, symbol: 'KRW-ETH' };
const NOTHING = { changes: [], lagged: false, more: false };

it("reports other connections' changes once, and not its own", () => {
  const path = temporaryPath();
  const writer = openEngine(path, { writer: 1 });
  const follower = openEngine(path, { writer: 2 });
  const sibling = openEngine(path, { writer: 1, access: 'read-only' });
  const covered = { from: 0, to: 2 * MINUTE };
  writer.write([batch(BTC, [candle(0)]), batch(ETH, [candle(MINUTE)], { covers: [covered] })]);
  follower.write([batch(BTC, [candle(5 * MINUTE)])]);
  expect(follower.readChanges()).toEqual({
    changes: [
      { type: 'candles', key: BTC, interval: { from: 0, to: MINUTE } },
      { type: 'candles', key: ETH, interval: { from: MINUTE, to: 2 * MINUTE } },
      { type: 'coverage', key: ETH, interval: covered },
    ],
    lagged: false,
    more: false,
  });
  expect(follower.readChanges()).toEqual(NOTHING);
  expect(sibling.readChanges().changes).toEqual([
    { type: 'candles', key: BTC, interval: { from: 5 * MINUTE, to: 6 * MINUTE } },
  ]);
});

it('reports removals', () => {
  const path = temporaryPath();
  const writer = openEngine(path);
  writer.write([batch(BTC, [candle(0)], { covers: [{ from: 0, to: MINUTE }] })]);
  const follower = openEngine(path);
  const range = { from: 0, to: 10 * MINUTE };
  writer.remove(BTC, range);
  writer.removeCoverage(BTC, range);
  expect(follower.readChanges().changes).toEqual([
    { type: 'candles', key: BTC, interval: range },
    { type: 'coverage', key: BTC, interval: range },
  ]);
});

it('hands out long news in pages', () => {
  const path = temporaryPath();
  const writer = openEngine(path);
  const follower = openEngine(path);
  writer.write(Array.from({ length: 1_200 }, (_, i) => batch(BTC, [candle(i * MINUTE)])));
  const pages = [follower.readChanges(), follower.readChanges(), follower.readChanges()];
  expect(pages.map(({ changes, more }) => [changes.length, more])).toEqual([
    [500, true],
    [500, true],
    [200, false],
  ]);
  expect(pages.flatMap(({ changes }) => changes.map(({ interval }) => interval.from))).toEqual(
    Array.from({ length: 1_200 }, (_, i) => i * MINUTE),
  );
  expect(follower.readChanges()).toEqual(NOTHING);
});

it('stays bounded, and says so to whom it left behind', () => {
  const path = temporaryPath();
  const writer = openEngine(path);
  const follower = openEngine(path);
  writer.write(Array.from({ length: 13_500 }, (_, i) => batch(BTC, [candle(i * MINUTE)])));
  const [entries] =
    connect(path).prepare<readonly [number]>('SELECT count(*) FROM change_log').get([]) ?? [];
  expect(entries).toBeLessThanOrEqual(11_000);
  expect(follower.readChanges()).toEqual({ changes: [], lagged: true, more: false });
  expect(follower.readChanges()).toEqual(NOTHING);
  writer.write([batch(ETH, [candle(0)])]);
  expect(follower.readChanges().changes).toHaveLength(1);
});
