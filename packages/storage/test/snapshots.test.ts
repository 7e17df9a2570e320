import { type Candle, CandleSeries, type Interval, type SeriesKey } from '@barkeep/core';
import { EVER, type SeriesSnapshot, type SnapshotRange } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { openTinyStorage, TinyStorage } from './tiny-storage.ts';

const minute = 60_000;
const start = Date.UTC(2024, 5, 1);
const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
const all: readonly SnapshotRange[] = [{ candles: 'always' }];

function candle(i: number, close = 2): Candle {
  return { timestamp: start + i * minute, open: 2, high: 9, low: 1, close, volume: i };
}

function minutes(from: number, to: number): Interval {
  return { from: start + from * minute, to: start + to * minute };
}

async function snapshotOf(
  { candles }: TinyStorage,
  ranges: readonly SnapshotRange[] = [],
): Promise<SeriesSnapshot> {
  const [snapshot] = await candles.snapshots([{ ...key, ranges }]);
  return snapshot ?? expect.unreachable('no snapshot');
}

async function revisionOf(storage: TinyStorage, range: Interval = EVER): Promise<string> {
  const { ranges } = await snapshotOf(storage, [range]);
  return ranges[0]?.revision ?? expect.unreachable('no revision');
}

/** An adapter that has snapshots of its own, and writes down what it is asked for. */
class OwnSnapshots extends TinyStorage {
  protected override async _snapshots(
    requests: Parameters<TinyStorage['_snapshots']>[0],
  ): Promise<SeriesSnapshot[]> {
    this.received.push(['_snapshots', requests]);
    return requests.map(({ key: one, ranges }) => ({
      key: one,
      extent: undefined,
      coverage: [],
      ranges: ranges.map(({ candles }) => ({
        revision: 'r1',
        candles: candles === 'never' ? undefined : CandleSeries.from(one, [candle(0)]),
      })),
    }));
  }
}

async function openOwnSnapshots(): Promise<OwnSnapshots> {
  const storage = new OwnSnapshots();
  await storage.open();
  storage.received.length = 0;
  return storage;
}

describe('what an adapter receives', () => {
  it('is every request with its defaults filled in', async () => {
    const storage = await openOwnSnapshots();
    await storage.candles.snapshots([
      { ...key },
      { ...key, ranges: [{}, { from: 0 }, { to: 60_000, limit: 3, candles: { unless: 'r9' } }] },
    ]);
    const unlimited = { limit: Number.POSITIVE_INFINITY, candles: 'never' };
    expect(storage.received).toEqual([
      [
        '_snapshots',
        [
          { key, ranges: [] },
          {
            key,
            ranges: [
              { ...EVER, ...unlimited, take: 'last' },
              { from: 0, to: EVER.to, ...unlimited, take: 'first' },
              { from: EVER.from, to: 60_000, limit: 3, take: 'last', candles: { unless: 'r9' } },
            ],
          },
        ],
      ],
    ]);
  });

  it('is nothing when nothing is asked for', async () => {
    const storage = await openOwnSnapshots();
    expect(await storage.candles.snapshots([])).toEqual([]);
    expect(storage.received).toEqual([]);
  });

  it('never asks for candles where there can be none: the base has them', async () => {
    const storage = await openOwnSnapshots();
    const empty = { from: 5, to: 5 };
    const { ranges } = await snapshotOf(storage, [
      { ...empty, candles: 'always' },
      { limit: 0, candles: { unless: 'r0' } },
      { limit: 0, candles: { unless: 'r1' } },
      { ...empty, candles: 'never' },
    ]);
    const [, requests] = storage.received[0] ?? [];
    expect(requests).toMatchObject([{ ranges: Array(4).fill({ candles: 'never' }) }]);
    expect(ranges.map(({ candles }) => candles?.length)).toEqual([0, 0, undefined, undefined]);
  });
});

describe('a request', () => {
  it.each<[object, object]>([
    [
      { batch: 0, field: 'request' },
      { ...key, range: [] },
    ],
    [
      { batch: 0, field: 'symbol' },
      { symbol: '', timeframe: '1m' },
    ],
    [
      { batch: 0, field: 'ranges' },
      { ...key, ranges: {} },
    ],
    [
      { batch: 0, index: 1, field: 'range' },
      { ...key, ranges: [{}, { form: 0 }] },
    ],
    [
      { batch: 0, index: 0, field: 'range' },
      { ...key, ranges: [null] },
    ],
    [
      { batch: 0, index: 0, field: 'from' },
      { ...key, ranges: [{ from: 2, to: 1 }] },
    ],
    [
      { batch: 0, index: 0, field: 'limit' },
      { ...key, ranges: [{ limit: -1 }] },
    ],
    [
      { batch: 0, index: 0, field: 'take' },
      { ...key, ranges: [{ take: 'all' }] },
    ],
    [
      { batch: 0, index: 0, field: 'candles' },
      { ...key, ranges: [{ candles: true }] },
    ],
    [
      { batch: 0, index: 0, field: 'candles' },
      { ...key, ranges: [{ candles: {} }] },
    ],
    [
      { batch: 0, index: 0, field: 'candles' },
      { ...key, ranges: [{ candles: { unless: 'a', or: 1 } }] },
    ],
    [
      { batch: 0, index: 0, field: 'unless' },
      { ...key, ranges: [{ candles: { unless: 7 } }] },
    ],
  ])('is refused, named by %o', async (details, bad) => {
    const storage = await openTinyStorage();
    const asked = [bad] as unknown as Parameters<typeof storage.candles.snapshots>[0];
    await expect(storage.candles.snapshots(asked)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details,
    });
    await expect(storage.candles.snapshots([{ ...key }, ...asked])).rejects.toMatchObject({
      details: { ...details, batch: 1 },
    });
    expect(storage.received).toEqual([]);
  });
});

describe('a snapshot that the base composes', () => {
  it('has extent, coverage, candles and revisions, also of a series that is not stored', async () => {
    const storage = await openTinyStorage();
    const covers = minutes(0, 3);
    await storage.candles.write({ key, candles: [candle(0), candle(2)], covers, source: 'rest' });
    const { candlesRead } = await storage.stats();
    const { extent, coverage, ranges } = await snapshotOf(storage, [
      ...all,
      { ...minutes(1, 9), limit: 1, candles: 'always' },
      { limit: 1 },
    ]);
    expect(extent).toEqual(minutes(0, 3));
    expect(coverage).toEqual([{ ...covers, source: 'rest', collectedAt: storage.clock.now() }]);
    expect(ranges.map(({ candles }) => candles?.toArray())).toEqual([
      [candle(0), candle(2)],
      [candle(2)],
      undefined,
    ]);
    expect((await storage.stats()).candlesRead - candlesRead).toBe(3);
    const other: SeriesKey = { ...key, symbol: 'KRW-ETH' };
    expect(await storage.candles.snapshots([{ ...other, ranges: [{}] }])).toEqual([
      {
        key: other,
        extent: undefined,
        coverage: [],
        ranges: [{ revision: expect.any(String), candles: undefined }],
      },
    ]);
  });

  it('is of one state, whatever changes while it is composed', async () => {
    const storage = await openTinyStorage();
    let stop = false;
    const churn = async (): Promise<void> => {
      for (let i = 0; !stop; i = (i + 1) % 50) {
        await storage.candles.write({ key, candles: [candle(i)], covers: minutes(i, i + 1) });
        if (i % 3 === 0) await storage.candles.remove(key, minutes(i - 2, i - 1));
      }
    };
    const churning = churn();
    for (let i = 0; i < 100; i += 1) {
      const { extent, coverage, ranges } = await snapshotOf(storage, all);
      const candles = ranges[0]?.candles ?? expect.unreachable('no candles');
      const covered = coverage.flatMap(({ from, to }) =>
        Array.from({ length: (to - from) / minute }, (_, k) => from + k * minute),
      );
      expect([...candles.timestamp]).toEqual(covered);
      expect(extent?.to).toBe(candles.length === 0 ? undefined : candles.lastTimestamp + minute);
    }
    stop = true;
    await churning;
  });

  it('has the revisions of the storage where it has them', async () => {
    class Revised extends TinyStorage {
      protected override async _revisions(_: SeriesKey, ranges: readonly Interval[]) {
        return ranges.map(({ from }) => `from-${from}`);
      }
    }
    const storage = new Revised({ revisions: true });
    await storage.open();
    const { ranges } = await snapshotOf(storage, [{ from: 7, candles: { unless: 'from-7' } }]);
    expect(ranges).toEqual([{ revision: 'from-7', candles: undefined }]);
  });

  it('is no snapshot of data that other processes share', async () => {
    const storage = await openTinyStorage({ sharing: 'multi-process' });
    await expect(snapshotOf(storage)).rejects.toThrow('without _snapshots');
  });
});

describe('a revision that the base keeps', () => {
  const changes: [string, (storage: TinyStorage) => unknown][] = [
    ['a write', ({ candles }) => candles.write({ key, candles: [candle(1, 5)] })],
    ['a removal', ({ candles }) => candles.remove(key, minutes(0, 2))],
    ['an announcement', ({ changes: feed }) => feed.announce(key, minutes(0, 2))],
    [
      'a change of another instance',
      (storage) =>
        storage.hearOfChange({
          type: 'candles',
          key,
          interval: minutes(0, 2),
          origin: 'remote',
        }),
    ],
    ['changes that were lost on the way', (storage) => storage.hearOfChange({ type: 'lagged' })],
    [
      'a write that fails, perhaps too late',
      async (storage) => {
        storage.gate = Promise.reject(new Error('the disk is full'));
        const write = storage.candles.write({ key, candles: [candle(1)] });
        await expect(write).rejects.toThrow('full');
        storage.gate = Promise.resolve();
      },
    ],
  ];

  it.each(changes)('is new after %s, and old without', async (_, change) => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: [candle(0), candle(1)] });
    const before = await revisionOf(storage);
    expect(await revisionOf(storage)).toBe(before);
    await change(storage);
    expect(await revisionOf(storage)).not.toBe(before);
    expect(
      (await snapshotOf(storage, [{ candles: { unless: before } }])).ranges[0]?.candles,
    ).toBeDefined();
  });

  it('stays as it is when coverage changes, or candles far away', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: [candle(0)] });
    const before = await revisionOf(storage, minutes(0, 10));
    await storage.coverage.add(key, minutes(0, 10), { source: 'rest' });
    await storage.coverage.remove(key);
    await storage.candles.write({ key, candles: [candle(5_000)] });
    await storage.candles.write({ key: { ...key, timeframe: '1h' }, candles: [] });
    expect(await revisionOf(storage, minutes(0, 10))).toBe(before);
  });

  it('is not that of another instance', async () => {
    const [one, other] = [await openTinyStorage(), await openTinyStorage()];
    expect(await revisionOf(one)).not.toBe(await revisionOf(other));
  });
});

describe('a write that replaces what is uncovered', () => {
  it('arrives as such', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: [candle(0)], replaces: 'uncovered' });
    expect(storage.received).toMatchObject([['_write', [{ replaces: 'uncovered' }]]]);
  });

  it('is refused when it says anything else', async () => {
    const storage = await openTinyStorage();
    const batch = { key, candles: [], replaces: 'missing' as unknown as 'all' };
    await expect(storage.candles.write([batch])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { batch: 0, field: 'replaces', value: 'missing' },
    });
  });
});
