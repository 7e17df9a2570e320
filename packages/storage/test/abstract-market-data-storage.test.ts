import { getEventListeners } from 'node:events';
import {
  type Candle,
  CandleSeries,
  type Interval,
  type JsonValue,
  MAX_EPOCH_MS,
  nextTurn,
  type SeriesKey,
} from '@barkeep/core';
import {
  type CandleBatch,
  type ChangeEvent,
  EVER,
  type IMarketDataStorage,
} from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { openTinyStorage, TinyStorage } from './tiny-storage.ts';

const minute = 60_000;
const start = Date.UTC(2024, 5, 1);
const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
const other: SeriesKey = { symbol: 'KRW-BTC', timeframe: '5m' };

function candle(i: number, close = 2): Candle {
  return { timestamp: start + i * minute, open: 2, high: 9, low: 1, close, volume: i };
}

function candles(...indexes: readonly number[]): Candle[] {
  return indexes.map((i) => candle(i));
}

/** `[from, to)` in minutes from the start. */
function minutes(from: number, to: number): Interval {
  return { from: start + from * minute, to: start + to * minute };
}

async function collect(scan: AsyncIterable<CandleSeries>): Promise<CandleSeries[]> {
  const chunks: CandleSeries[] = [];
  for await (const chunk of scan) chunks.push(chunk);
  return chunks;
}

function invalid(details: object) {
  return { code: 'INVALID_INPUT', details: expect.objectContaining(details) };
}

describe('what an adapter receives from a write', () => {
  it('is sorted, without duplicates, and in memory of its own', async () => {
    const storage = await openTinyStorage();
    const series = CandleSeries.from(key, candles(0, 1));
    await storage.candles.write([
      { key, candles: [candle(3), candle(1), candle(3, 5)] },
      { key, candles: series },
    ]);
    const [[method, batches] = []] = storage.received;
    expect(method).toBe('_write');
    expect(batches).toEqual([
      {
        key,
        series: CandleSeries.from(key, [candle(1), candle(3, 5)]),
        covers: [],
        source: 'unknown',
        collectedAt: storage.clock.now(),
        replaces: 'all',
      },
      expect.objectContaining({ key, series }),
    ]);
    expect(series.timestamp.byteLength).toBe(16);
    expect((batches as { series: CandleSeries }[])[1]?.series.close.buffer).not.toBe(
      series.close.buffer,
    );
  });

  it('is coverage in whole periods, joined', async () => {
    const storage = await openTinyStorage();
    const covers = [
      { from: start - 1, to: start + 2 * minute + 1 },
      minutes(2, 4),
      { from: start + 10 * minute + 1, to: start + 11 * minute },
    ];
    await storage.candles.write({ key, candles: [], covers, source: 'upbit-rest' });
    expect(storage.received).toEqual([
      ['_write', [expect.objectContaining({ covers: [minutes(0, 4)], source: 'upbit-rest' })]],
    ]);
  });

  it('is nothing when there is nothing to store', async () => {
    const storage = await openTinyStorage();
    const nothing = { inserted: 0, updated: 0, unchanged: 0 };
    const noPeriod = { from: start + 1, to: start + minute };
    await expect(storage.candles.write([])).resolves.toEqual(nothing);
    await expect(storage.candles.write({ key, candles: [] })).resolves.toEqual(nothing);
    await expect(storage.candles.write([{ key, candles: [], covers: noPeriod }])).resolves.toEqual(
      nothing,
    );
    expect(storage.received).toEqual([]);
  });

  it('does not follow the objects of the caller', async () => {
    const storage = await openTinyStorage();
    const mutableKey = { ...key };
    const batch = Object.freeze({ key: mutableKey, candles: Object.freeze(candles(0)) });
    await storage.candles.write(batch);
    mutableKey.symbol = 'KRW-ETH';
    expect(storage.received).toEqual([['_write', [expect.objectContaining({ key })]]]);
  });

  it('adds up what all batches did', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1) });
    await expect(
      storage.candles.write([
        { key, candles: candles(1, 2) },
        { key: other, candles: candles(0, 5, 10) },
      ]),
    ).resolves.toEqual({ inserted: 4, updated: 1, unchanged: 0 });
  });

  const good: CandleBatch = { key, candles: candles(0) };
  it.each<[string, object, object]>([
    ['no key', { key: undefined }, { field: 'key' }],
    ['an empty symbol', { key: { ...key, symbol: '' } }, { field: 'symbol' }],
    ['an unknown timeframe', { key: { ...key, timeframe: '1minute' } }, { field: 'timeframe' }],
    ['no candles', { candles: undefined }, { field: 'candles' }],
    [
      'a NaN',
      { candles: [candle(0), { ...candle(1), close: Number.NaN }] },
      { field: 'close', index: 1 },
    ],
    ['high below low', { candles: [{ ...candle(0), high: 0 }] }, { index: 0 }],
    [
      'times in seconds',
      { candles: [{ ...candle(0), timestamp: start / 1_000 }] },
      { field: 'timestamp' },
    ],
    ['coverage upside down', { covers: { from: 5, to: 4 } }, { field: 'from' }],
    ['coverage of nothing known', { covers: [null] }, { field: 'covers' }],
    [
      'coverage to infinity',
      { covers: { from: 0, to: Number.POSITIVE_INFINITY } },
      { field: 'to' },
    ],
    ['an empty source', { source: '' }, { field: 'source' }],
    ['a long source', { source: 'x'.repeat(257) }, { field: 'source' }],
    ['a source with U+0000', { source: 'a\0' }, { field: 'source' }],
    ['an option nobody knows', { cover: [] }, { field: 'batch', value: 'cover' }],
  ])('with %s is refused as a whole, and names the batch', async (_, change, details) => {
    const storage = await openTinyStorage();
    const bad = { ...good, ...change } as CandleBatch;
    await expect(storage.candles.write([good, bad, good])).rejects.toMatchObject(
      invalid({ ...details, batch: 1 }),
    );
    await expect(storage.candles.write(bad)).rejects.toMatchObject(invalid(details));
    expect(storage.received).toEqual([]);
  });

  it.each([null, undefined, 5, 'candles'])('of %s is refused', async (batch) => {
    const storage = await openTinyStorage();
    await expect(storage.candles.write(batch as never)).rejects.toMatchObject(
      invalid({ field: 'batch' }),
    );
    await expect(storage.candles.write([batch as never])).rejects.toMatchObject(
      invalid({ field: 'batch', batch: 0 }),
    );
  });
});

describe('what an adapter receives from a read', () => {
  it('is a query with every default filled in, and nothing for an empty one', async () => {
    const storage = await openTinyStorage();
    await storage.candles.read({ ...key, limit: 5 });
    expect(storage.received).toEqual([['_read', { key, ...EVER, limit: 5, take: 'last' }]]);
    storage.received.length = 0;
    for (const query of [{ limit: 0 }, { from: 5, to: 5 }]) {
      const answer = await storage.candles.read({ ...key, ...query });
      expect([answer.length, answer.key]).toEqual([0, key]);
    }
    expect(storage.received).toEqual([]);
  });

  it('keeps the answers to many queries in order, also where some are empty', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write([
      { key, candles: candles(0, 1, 2) },
      { key: other, candles: candles(0, 5) },
    ]);
    const answers = await storage.candles.readMany([
      { ...other, limit: 0 },
      { ...key, limit: 2, take: 'first' },
      { ...key, from: start, to: start },
      other,
    ]);
    expect(answers.map((it) => [it.timeframe, ...it.timestamp])).toEqual([
      ['5m'],
      ['1m', start, start + minute],
      ['1m'],
      ['5m', start, start + 5 * minute],
    ]);
    await expect(storage.candles.readMany([])).resolves.toEqual([]);
  });

  it('is nothing when one of many queries is bad, which is named', async () => {
    const storage = await openTinyStorage();
    const queries = [key, { ...key, limit: -1 }];
    await expect(storage.candles.readMany(queries)).rejects.toMatchObject(
      invalid({ field: 'limit', batch: 1 }),
    );
    await expect(storage.candles.readMany(key as never)).rejects.toMatchObject(
      invalid({ field: 'queries' }),
    );
    expect(storage.received).toEqual([]);
  });
});

describe('a scan', () => {
  it('gives everything once, in chunks of the size asked for', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2, 3, 4, 7, 9) });
    for (const chunkSize of [1, 3, 7, 100]) {
      const chunks = await collect(storage.candles.scan({ ...key, chunkSize }));
      for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(chunkSize);
      const all = CandleSeries.concat(key, chunks);
      expect(all.toArray()).toEqual(candles(0, 1, 2, 3, 4, 7, 9));
    }
  });

  it('stays in its range, and sees what is written ahead of it', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2, 3) });
    const seen: number[] = [];
    for await (const chunk of storage.candles.scan({ ...key, ...minutes(1, 5), chunkSize: 2 })) {
      seen.push(...chunk.timestamp);
      await storage.candles.write({ key, candles: candles(0, 4, 5) });
    }
    expect(seen).toEqual(candles(1, 2, 3, 4).map(({ timestamp }) => timestamp));
  });

  it('of nothing ends at once', async () => {
    const storage = await openTinyStorage();
    expect(await collect(storage.candles.scan(key))).toEqual([]);
    expect(await collect(storage.candles.scan({ ...key, from: 5, to: 5 }))).toEqual([]);
  });

  it('ends with ABORTED when its signal fires between chunks', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2) });
    const controller = new AbortController();
    const scan = storage.candles.scan({ ...key, chunkSize: 1 }, { signal: controller.signal });
    const seen: number[] = [];
    const run = (async () => {
      for await (const chunk of scan) {
        seen.push(chunk.length);
        controller.abort();
      }
    })();
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' });
    expect(seen).toEqual([1]);
  });

  it('ends with NOT_OPEN when the storage is closed between chunks', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2) });
    const scan = storage.candles.scan({ ...key, chunkSize: 1 })[Symbol.asyncIterator]();
    await scan.next();
    await storage.close();
    await expect(scan.next()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('that nobody finishes holds nothing', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2) });
    for await (const chunk of storage.candles.scan({ ...key, chunkSize: 1 })) {
      expect(chunk.length).toBe(1);
      break;
    }
    await storage.close();
    expect(storage.state).toBe('closed');
  });

  it('with a fault rejects', async () => {
    const storage = await openTinyStorage();
    const scan = storage.candles.scan({ ...key, chunkSize: 0 });
    await expect(collect(scan)).rejects.toMatchObject(invalid({ field: 'chunkSize' }));
  });
});

describe('removing candles', () => {
  it('takes away what read would have found, and the coverage of those periods', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2, 3), covers: minutes(0, 4) });
    const range = { from: start + 1, to: start + 2 * minute + 1 };
    const found = await storage.candles.read({ ...key, ...range });
    await expect(storage.candles.remove(key, range)).resolves.toBe(found.length);
    await expect(storage.candles.read(key)).resolves.toMatchObject({ length: 2 });
    await expect(storage.coverage.missing(key, minutes(0, 4))).resolves.toEqual([minutes(1, 3)]);
  });

  it('takes away nothing in an empty range, not even the period around it', async () => {
    const storage = await openTinyStorage();
    for (const range of [
      minutes(1, 1),
      { from: start + 1, to: start + 1 },
      { from: start + 1, to: start + 2 },
    ]) {
      await expect(storage.candles.remove(key, range)).resolves.toBe(0);
    }
    expect(storage.received).toEqual([]);
  });

  it('takes away everything without a range', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1), covers: minutes(0, 2) });
    await expect(storage.candles.remove(key)).resolves.toBe(2);
    expect(storage.received.at(-1)).toEqual(['_remove', key, EVER]);
    await expect(storage.coverage.of(key)).resolves.toEqual([]);
  });
});

describe('the list of series', () => {
  it('is sorted by symbol, then timeframe, and filtered by both', async () => {
    const storage = await openTinyStorage();
    const keys: SeriesKey[] = [
      { symbol: 'b', timeframe: '1m' },
      { symbol: 'a', timeframe: '5m' },
      { symbol: 'a', timeframe: '1m' },
      { symbol: 'B', timeframe: '1m' },
    ];
    await storage.candles.write(keys.map((it) => ({ key: it, candles: candles(0) })));
    const names = async (filter?: Partial<SeriesKey>) =>
      (await storage.candles.list(filter)).map(({ symbol, timeframe }) => `${symbol} ${timeframe}`);
    expect(await names()).toEqual(['B 1m', 'a 1m', 'a 5m', 'b 1m']);
    expect(await names({ symbol: 'a' })).toEqual(['a 1m', 'a 5m']);
    expect(await names({ timeframe: '5m', symbol: 'a' })).toEqual(['a 5m']);
    await expect(storage.candles.list({ symbols: [] } as never)).rejects.toMatchObject(
      invalid({ field: 'filter' }),
    );
  });
});

describe('coverage', () => {
  it('is recorded in whole periods, by whom and when', async () => {
    const storage = await openTinyStorage();
    const partly = { from: start - 1, to: start + 3 * minute + 5 };
    await storage.coverage.add(key, partly, { source: 'rest' });
    await storage.coverage.add(key, minutes(3, 4), { source: 'socket', collectedAt: start });
    await storage.coverage.add(key, { from: start + 1, to: start + minute }, { source: 'none' });
    expect(await storage.coverage.of(key)).toEqual([
      { ...minutes(0, 3), source: 'rest', collectedAt: storage.clock.now() },
      { ...minutes(3, 4), source: 'socket', collectedAt: start },
    ]);
  });

  it('is cut to the range asked for', async () => {
    const storage = await openTinyStorage();
    await storage.coverage.add(key, minutes(0, 10), { source: 'rest' });
    await expect(storage.coverage.of(key, minutes(4, 6))).resolves.toMatchObject([minutes(4, 6)]);
    await expect(storage.coverage.of(key, minutes(10, 12))).resolves.toEqual([]);
    await expect(storage.coverage.of(key, minutes(5, 5))).resolves.toEqual([]);
  });

  it('says which whole periods are missing', async () => {
    const storage = await openTinyStorage();
    await storage.coverage.add(key, minutes(2, 4), { source: 'rest' });
    const asked = { from: start + 1, to: start + 5 * minute + 1 };
    await expect(storage.coverage.missing(key, asked)).resolves.toEqual([
      minutes(0, 2),
      minutes(4, 6),
    ]);
    await expect(storage.coverage.missing(key, minutes(2, 4))).resolves.toEqual([]);
    await expect(
      storage.coverage.missing(key, { from: start + 5, to: start + 5 }),
    ).resolves.toEqual([]);
  });

  it.each(['1m', '1w', '1M', '1y'] as const)(
    'of %s may be asked for over all of time',
    async (timeframe) => {
      const storage = await openTinyStorage();
      const series: SeriesKey = { symbol: 'x', timeframe };
      const [everything] = await storage.coverage.missing(series, EVER);
      expect(everything?.from).toBeLessThanOrEqual(EVER.from);
      expect(everything?.to).toBeGreaterThanOrEqual(EVER.to);
    },
  );

  it('is forgotten in whole periods, and stays without a range to forget', async () => {
    const storage = await openTinyStorage();
    await storage.coverage.add(key, minutes(0, 10), { source: 'rest' });
    await storage.coverage.remove(key, {
      from: start + 5 * minute + 1,
      to: start + 5 * minute + 1,
    });
    await expect(storage.coverage.missing(key, minutes(0, 10))).resolves.toEqual([]);
    await storage.coverage.remove(key, {
      from: start + 5 * minute + 1,
      to: start + 6 * minute + 1,
    });
    await expect(storage.coverage.missing(key, minutes(0, 10))).resolves.toEqual([minutes(5, 7)]);
    await storage.coverage.remove(key);
    expect(storage.received.at(-2)).toEqual(['_coverageOf', key, minutes(0, 10)]);
    expect(storage.received.at(-1)).toEqual(['_removeCoverage', key, EVER]);
  });

  it.each<[string, (storage: IMarketDataStorage) => Promise<unknown>, object]>([
    [
      'a bad interval',
      ({ coverage }) => coverage.add(key, { from: 2, to: 1 }, { source: 'a' }),
      { field: 'from' },
    ],
    [
      'no provenance',
      ({ coverage }) => coverage.add(key, minutes(0, 1), undefined as never),
      { field: 'provenance' },
    ],
    [
      'no source',
      ({ coverage }) => coverage.add(key, minutes(0, 1), {} as never),
      { field: 'source' },
    ],
    [
      'a misspelled option',
      ({ coverage }) => coverage.add(key, minutes(0, 1), { source: 'a', at: 1 } as never),
      { field: 'provenance' },
    ],
    [
      'a time in seconds',
      ({ coverage }) =>
        coverage.add(key, minutes(0, 1), { source: 'a', collectedAt: start / 1_000 }),
      { field: 'collectedAt' },
    ],
    [
      'no range to miss',
      ({ coverage }) => coverage.missing(key, undefined as never),
      { field: 'range' },
    ],
    [
      'a bad key',
      ({ coverage }) => coverage.of({ symbol: 'x', timeframe: '0m' }),
      { field: 'timeframe' },
    ],
    [
      'a bad range',
      ({ coverage }) => coverage.continuity(key, { from: 0, to: Number.NaN }),
      { field: 'to' },
    ],
  ])('is refused with %s', async (_, act, details) => {
    const storage = await openTinyStorage();
    await expect(act(storage)).rejects.toMatchObject(invalid(details));
    expect(storage.received).toEqual([]);
  });
});

describe('the continuity report', () => {
  it('tells no trades from not fetched, and final candles from others', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 3, 8, 9), covers: minutes(0, 6) });
    await expect(storage.coverage.continuity(key)).resolves.toEqual({
      range: minutes(0, 10),
      periods: 10,
      candles: 5,
      noTradePeriods: 3,
      uncoveredCandles: 2,
      missingPeriods: 2,
      missing: [minutes(6, 10)],
    });
    await expect(storage.coverage.continuity(key, minutes(5, 9))).resolves.toMatchObject({
      periods: 4,
      candles: 1,
      noTradePeriods: 1,
      uncoveredCandles: 1,
      missingPeriods: 2,
    });
  });

  it('of an unknown series is all zeros', async () => {
    const storage = await openTinyStorage();
    await expect(storage.coverage.continuity(key)).resolves.toMatchObject({
      periods: 0,
      candles: 0,
      missing: [],
    });
  });

  it('reads a long series in pieces', async () => {
    const storage = await openTinyStorage();
    const many = candles(...Array.from({ length: 70_000 }, (_, i) => i));
    await storage.candles.write({ key, candles: many, covers: minutes(0, 70_000) });
    await expect(storage.coverage.continuity(key)).resolves.toMatchObject({
      periods: 70_000,
      candles: 70_000,
      noTradePeriods: 0,
      missingPeriods: 0,
    });
    expect(storage.received.filter(([method]) => method === '_read').length).toBe(2);
  });
});

describe('metadata', () => {
  it('comes back as it went in, by key', async () => {
    const storage = await openTinyStorage();
    const value: JsonValue = { a: [1, null, 'x'], b: { c: true } };
    await storage.metadata.set('quality:a', value);
    expect(storage.received.at(-1)).toEqual(['_setMetadata', 'quality:a', JSON.stringify(value)]);
    await expect(storage.metadata.get('quality:a')).resolves.toEqual(value);
    await expect(storage.metadata.get('quality:b')).resolves.toBeUndefined();
    await storage.metadata.set('quality', null);
    await storage.metadata.set('Quality', 1);
    await expect(storage.metadata.keys()).resolves.toEqual(['Quality', 'quality', 'quality:a']);
    await expect(storage.metadata.keys('quality')).resolves.toEqual(['quality', 'quality:a']);
    await expect(storage.metadata.delete('quality')).resolves.toBe(true);
    await expect(storage.metadata.delete('quality')).resolves.toBe(false);
  });

  it('is refused when it is no JSON or has no key', async () => {
    const storage = await openTinyStorage();
    await expect(storage.metadata.set('k', { at: Number.NaN })).rejects.toMatchObject(
      invalid({ field: 'value.at' }),
    );
    await expect(storage.metadata.get('')).rejects.toMatchObject(invalid({ field: 'key' }));
    await expect(storage.metadata.keys('\0')).rejects.toMatchObject(invalid({ field: 'prefix' }));
    expect(storage.received).toEqual([]);
  });
});

describe('the change feed', () => {
  async function watched() {
    const storage = await openTinyStorage();
    const events: ChangeEvent[] = [];
    const off = storage.changes.subscribe((event) => events.push(event));
    return { storage, events, off };
  }

  it('tells of candles and coverage of every batch, before the write resolves', async () => {
    const { storage, events, off } = await watched();
    await storage.candles.write([
      { key, candles: candles(1, 4), covers: [minutes(0, 2), minutes(4, 5)] },
      { key: other, candles: candles(5) },
    ]);
    const local = { origin: 'local' } as const;
    expect(events).toEqual([
      {
        type: 'candles',
        key,
        interval: { from: start + minute, to: start + 4 * minute + 1 },
        ...local,
      },
      { type: 'coverage', key, interval: minutes(0, 2), ...local },
      { type: 'coverage', key, interval: minutes(4, 5), ...local },
      {
        type: 'candles',
        key: other,
        interval: { from: start + 5 * minute, to: start + 5 * minute + 1 },
        ...local,
      },
    ]);
    off();
    await storage.candles.write({ key, candles: candles(9) });
    expect(events.length).toBe(4);
  });

  it('tells of removals and of coverage, and of no change when there is none', async () => {
    const { storage, events } = await watched();
    await storage.coverage.add(key, minutes(0, 2), { source: 'rest' });
    await storage.coverage.remove(key, minutes(1, 2));
    await storage.candles.remove(key, minutes(0, 1));
    const local = { key, origin: 'local' };
    expect(events).toEqual([
      { type: 'coverage', interval: minutes(0, 2), ...local },
      { type: 'coverage', interval: minutes(1, 2), ...local },
      { type: 'coverage', interval: minutes(0, 1), ...local },
    ]);
    events.length = 0;
    await storage.candles.write([]);
    await storage.coverage.add(key, { from: start + 1, to: start + 2 }, { source: 'rest' });
    await storage.coverage.remove(key, minutes(1, 1));
    await storage.metadata.set('k', 1);
    expect(events).toEqual([]);
  });

  it('tells of what is announced, in whole periods, after the adapter has noted it', async () => {
    const noted: unknown[] = [];
    class Announcing extends TinyStorage {
      protected override async _announce(...args: Parameters<TinyStorage['_announce']>) {
        noted.push(args, events.length);
      }
    }
    const storage = new Announcing();
    await storage.open();
    const events: ChangeEvent[] = [];
    storage.changes.subscribe((event) => events.push(event));
    await storage.changes.announce(key, { from: start + 1, to: start + minute + 1 });
    await storage.changes.announce(key, minutes(1, 1));
    await storage.changes.announce(key);
    expect(noted).toEqual([[key, minutes(0, 2)], 0, [key, EVER], 2]);
    const told = (interval: Interval) =>
      ['candles', 'coverage'].map((type) => ({ type, key, interval, origin: 'local' }));
    expect(events).toEqual([...told(minutes(0, 2)), ...told(EVER)]);
    expect((await storage.stats()).operations['changes.announce']).toMatchObject({ calls: 3 });
  });

  it('passes on what an adapter hears from elsewhere', async () => {
    const { storage, events } = await watched();
    storage.hearOfChange({ type: 'lagged' });
    expect(events).toEqual([{ type: 'lagged' }]);
  });

  it('takes no subscriber unless the storage is open', async () => {
    const idle = new TinyStorage();
    expect(() => idle.changes.subscribe(() => {})).toThrow(
      expect.objectContaining({ code: 'NOT_OPEN' }),
    );
    await idle.open();
    await idle.close();
    expect(() => idle.changes.subscribe(() => {})).toThrow(
      expect.objectContaining({ code: 'NOT_OPEN' }),
    );
  });
});

describe('statistics', () => {
  it('count calls, failures and candles', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2) });
    await storage.candles.write({ key, candles: candles(2, 3) });
    await storage.candles.read({ ...key, limit: 2 });
    await storage.candles.readMany([key, { ...key, limit: 1 }]);
    await collect(storage.candles.scan({ ...key, chunkSize: 3 }));
    await expect(storage.candles.read({ ...key, limit: -1 })).rejects.toThrow();
    const stats = await storage.stats();
    expect(stats).toMatchObject({
      candlesRead: 2 + 5 + 4,
      candlesInserted: 4,
      candlesUpdated: 1,
      candlesUnchanged: 0,
      size: { series: 1 },
    });
    const counts = Object.entries(stats.operations).map(([name, it]) => [
      name,
      it.calls,
      it.failures,
    ]);
    expect(counts).toEqual([
      ['candles.write', 2, 0],
      ['candles.read', 2, 1],
      ['candles.readMany', 1, 0],
      ['candles.scan', 2, 0],
      ['stats', 1, 0],
    ]);
  });
});

/** Every call of the contract, with arguments that are fine. */
const calls: Record<
  string,
  (storage: IMarketDataStorage, signal?: AbortSignal) => Promise<unknown>
> = {
  'candles.write': (it, signal) => it.candles.write({ key, candles: candles(0) }, { signal }),
  'candles.read': (it, signal) => it.candles.read(key, { signal }),
  'candles.readColumns': (it, signal) => it.candles.readColumns(key, ['close'], { signal }),
  'candles.readMany': (it, signal) => it.candles.readMany([key], { signal }),
  'candles.scan': (it, signal) => collect(it.candles.scan(key, { signal })),
  'candles.remove': (it, signal) => it.candles.remove(key, undefined, { signal }),
  'candles.list': (it, signal) => it.candles.list({}, { signal }),
  'changes.announce': (it, signal) => it.changes.announce(key, minutes(0, 1), { signal }),
  'coverage.add': (it, signal) => it.coverage.add(key, minutes(0, 1), { source: 'a' }, { signal }),
  'coverage.of': (it, signal) => it.coverage.of(key, undefined, { signal }),
  'coverage.missing': (it, signal) => it.coverage.missing(key, minutes(0, 1), { signal }),
  'coverage.remove': (it, signal) => it.coverage.remove(key, undefined, { signal }),
  'coverage.continuity': (it, signal) => it.coverage.continuity(key, minutes(0, 1), { signal }),
  'metadata.get': (it, signal) => it.metadata.get('k', { signal }),
  'metadata.set': (it, signal) => it.metadata.set('k', 1, { signal }),
  'metadata.delete': (it, signal) => it.metadata.delete('k', { signal }),
  'metadata.keys': (it, signal) => it.metadata.keys('', { signal }),
  stats: (it, signal) => it.stats({ signal }),
};

describe.each(Object.entries(calls))('%s', (_, call) => {
  it('is refused in every state but open', async () => {
    const storage = new TinyStorage();
    const refused = async () => {
      const { state } = storage;
      await expect(call(storage)).rejects.toMatchObject({ code: 'NOT_OPEN', details: { state } });
    };
    await refused();
    const gate = Promise.withResolvers<void>();
    storage.gate = gate.promise;
    const opening = storage.open();
    await refused();
    gate.resolve();
    await opening;
    const closing = storage.close();
    await refused();
    await closing;
    await refused();
    expect(storage.received.map(([method]) => method)).toEqual(['_open', '_close']);
  });

  it('does nothing with a signal that has fired', async () => {
    const storage = await openTinyStorage();
    await expect(call(storage, AbortSignal.abort('why'))).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'why',
    });
    expect(storage.received).toEqual([]);
  });

  it('is given up when its signal fires, while close waits for what goes on', async () => {
    const storage = await openTinyStorage();
    const gate = Promise.withResolvers<void>();
    storage.gate = gate.promise;
    const controller = new AbortController();
    const running = call(storage, controller.signal);
    running.catch(() => {});
    while (storage.received.length === 0) await nextTurn();
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    const closing = storage.close();
    await nextTurn();
    expect(storage.received.map(([method]) => method)).not.toContain('_close');
    gate.resolve();
    await closing;
    expect(storage.received.at(-1)).toEqual(['_close']);
  });

  it('leaves no listener on the signal when all goes well', async () => {
    const storage = await openTinyStorage();
    const { signal } = new AbortController();
    await call(storage, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a storage', () => {
  it('flushes by doing nothing unless its adapter says otherwise', async () => {
    const storage = await openTinyStorage();
    await storage.flush();
    await storage.close();
    await expect(storage.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('has capabilities that nobody can change, and integrity exactly when they say so', async () => {
    const plain = await openTinyStorage();
    expect(Object.isFrozen(plain.capabilities)).toBe(true);
    expect(Object.isFrozen(plain.capabilities.platforms)).toBe(true);
    expect(plain.integrity).toBeUndefined();
    const careless = await openTinyStorage({ integrity: true });
    await expect(careless.integrity?.check()).rejects.toThrow(/declares integrity/);
    await expect(careless.integrity?.check({ symbol: '', timeframe: '1m' })).rejects.toMatchObject(
      invalid({ field: 'symbol' }),
    );
  });

  it('has maintenance exactly when its capabilities say so', async () => {
    expect((await openTinyStorage()).maintenance).toBeUndefined();
    const careless = await openTinyStorage({ maintenance: true });
    await expect(careless.maintenance?.compact()).rejects.toThrow(/declares maintenance/);
    await expect(careless.maintenance?.explain()).rejects.toThrow(/declares maintenance/);
    await expect(careless.maintenance?.explain({ symbol: '' })).rejects.toMatchObject(
      invalid({ field: 'symbol' }),
    );
  });

  it('has revisions exactly when its capabilities say so', async () => {
    const plain = await openTinyStorage();
    await expect(plain.candles.revisions(key, [minutes(0, 1)])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      details: { storage: 'tiny', operation: 'candles.revisions' },
    });
    const careless = await openTinyStorage({ revisions: true });
    await expect(careless.candles.revisions(key, [])).rejects.toThrow(/declares revisions/);
  });

  it('asks its adapter for revisions of checked ranges, in their order', async () => {
    const asked: unknown[] = [];
    class Revised extends TinyStorage {
      protected override async _revisions(...args: Parameters<TinyStorage['_revisions']>) {
        asked.push(args);
        return args[1].map(({ from }) => `r${from}`);
      }
    }
    const storage = new Revised({ revisions: true });
    await storage.open();
    const ranges = [{ from: 7, to: 9 }, minutes(0, 1), { from: 5, to: 5 }];
    const texts = await storage.candles.revisions({ ...key, more: 1 } as SeriesKey, ranges);
    expect(texts).toEqual(['r7', `r${start}`, 'r5']);
    expect(asked).toEqual([[key, ranges]]);
    for (const [bad, details] of [
      [undefined, { field: 'ranges' }],
      [minutes(0, 1), { field: 'ranges' }],
      [[minutes(0, 1), { from: 2, to: 1 }], { field: 'from', batch: 1 }],
    ] as const) {
      await expect(storage.candles.revisions(key, bad as never)).rejects.toMatchObject(
        invalid(details),
      );
    }
    expect(asked).toHaveLength(1);
    await storage.close();
    await expect(storage.candles.revisions(key, ranges)).rejects.toMatchObject({
      code: 'NOT_OPEN',
    });
  });

  it('has nothing to set apart unless its adapter says otherwise', async () => {
    const storage = await openTinyStorage({ integrity: true });
    expect(await storage.integrity?.quarantine()).toEqual({ candles: 0, runs: [] });
    await expect(
      storage.integrity?.quarantine({ symbol: '', timeframe: '1m' }),
    ).rejects.toMatchObject(invalid({ field: 'symbol' }));
  });

  it('tells its subscribers what was set apart', async () => {
    const run = { key, interval: minutes(1, 5), candles: 3, message: 'the bytes are damaged' };
    class Damaged extends TinyStorage {
      protected override async _quarantine() {
        return { candles: 3, runs: [run] };
      }
    }
    const storage = new Damaged({ integrity: true });
    await storage.open();
    const events: ChangeEvent[] = [];
    storage.changes.subscribe((event) => events.push(event));
    expect(await storage.integrity?.quarantine()).toEqual({ candles: 3, runs: [run] });
    const told = { key, interval: minutes(1, 5), origin: 'local' };
    expect(events).toEqual([
      { type: 'candles', ...told },
      { type: 'coverage', ...told },
    ]);
  });

  it('reads some columns as its adapter reads all, unless that knows better', async () => {
    const storage = await openTinyStorage();
    await storage.candles.write({ key, candles: candles(0, 1, 2) });
    storage.received.length = 0;
    const query = { ...key, limit: 2 };
    expect(await storage.candles.readColumns(query, ['volume', 'timestamp'])).toEqual({
      timestamp: Float64Array.of(start + minute, start + 2 * minute),
      volume: Float64Array.of(1, 2),
    });
    expect(storage.received).toEqual([['_read', { key, ...EVER, limit: 2, take: 'last' }]]);
    expect(await storage.candles.readColumns({ ...key, limit: 0 }, ['close'])).toEqual({
      close: new Float64Array(0),
    });
    expect(storage.received).toHaveLength(1);
    expect((await storage.stats()).candlesRead).toBe(2);
  });

  it.each([
    ['columns', []],
    ['columns', undefined],
    ['columns', 'close'],
    ['columns[1]', ['close', 'price']],
    ['columns[2]', ['close', 'open', 'close']],
  ])('refuses bad columns: %s of %j', async (field, columns) => {
    const storage = await openTinyStorage();
    await expect(storage.candles.readColumns(key, columns as never)).rejects.toMatchObject(
      invalid({ field }),
    );
    expect(storage.received).toEqual([]);
  });

  it('takes candles to the end of time', async () => {
    const storage = await openTinyStorage();
    const timestamp = MAX_EPOCH_MS + 1 - minute;
    await storage.candles.write({ key, candles: [{ ...candle(0), timestamp }] });
    const answer = await storage.candles.read(key);
    expect(answer.lastTimestamp).toBe(timestamp);
  });
});
