/** What the service does with whole series, beside reading them. */
import { CandleSeries } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { KEY, MINUTE, minutes, openDesk } from './fixtures.ts';

const ETHER = { symbol: 'KRW-ETH', timeframe: '1m' } as const;

function candlesOf(from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => {
    return {
      timestamp: minutes(from + i),
      open: 1,
      high: 2,
      low: 1,
      close: 2,
      volume: from + i + 999,
    };
  });
}

describe('saveCandlesBatch', () => {
  it('stores candles of any shape, with the coverage of each series', async () => {
    const { service, exchange } = await openDesk();
    const bitcoin = candlesOf(-9, -3);
    const covers = { from: minutes(-9), to: minutes(-2) };
    const rows = candlesOf(-9, 0).map((one) => {
      return [one.timestamp, one.open, one.high, one.low, one.close, one.volume] as const;
    });
    const saved = await service.saveCandlesBatch([
      { key: KEY, candles: bitcoin, covers, source: 'test' },
      { key: ETHER, candles: rows },
      { key: { ...ETHER, timeframe: '3m' }, candles: { ...CandleSeries.empty(ETHER) } },
    ]);
    expect(saved).toEqual({ inserted: 15, updated: 0, unchanged: 0 });
    const { series, missing } = await service.getCandles({ ...KEY, ...covers });
    expect([series.toArray(), missing]).toEqual([bitcoin, []]);
    expect(exchange.requests).toEqual([]);
    expect(await service.listSeries()).toEqual([
      { ...KEY, count: 6, first: minutes(-9), last: minutes(-4) },
      { ...ETHER, count: 9, first: minutes(-9), last: minutes(-1) },
    ]);
    expect(await service.listSeries({ symbol: 'KRW-ETH' })).toHaveLength(1);
    const again = await service.saveCandlesBatch([{ key: KEY, candles: bitcoin }]);
    expect(again).toEqual({ inserted: 0, updated: 0, unchanged: 6 });
  });

  it.each([
    ['a bad candle', [{ ...candlesOf(0, 1)[0], high: 0 }], { batch: 1, index: 0, field: 'high' }],
    ['a candle ahead of the clock', candlesOf(20, 21), { batch: 1, index: 0, field: 'timestamp' }],
    ['no candles', undefined, { batch: 1, field: 'candles' }],
    ['a candle in place of candles', candlesOf(0, 1)[0], { batch: 1, field: 'timestamp' }],
  ])('stores nothing when there is %s in it', async (_, candles, details) => {
    const { service } = await openDesk();
    const batches = [
      { key: KEY, candles: candlesOf(-9, 0) },
      { key: ETHER, candles: candles as never },
    ];
    await expect(service.saveCandlesBatch(batches)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details,
    });
    expect(await service.listSeries()).toEqual([]);
  });

  it('refuses what is no list, and options that it does not know', async () => {
    const { service } = await openDesk();
    const one = { key: KEY, candles: [] };
    await expect(service.saveCandlesBatch(one as never)).rejects.toMatchObject({
      details: { field: 'batches' },
    });
    const unknown = [{ ...one, covered: [] }];
    await expect(service.saveCandlesBatch(unknown)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { batch: 0 },
    });
  });
});

describe('scanCandles', () => {
  it('gives stored candles in chunks, and fetches none', async () => {
    const { service, exchange } = await openDesk();
    await service.saveCandles(KEY, candlesOf(-25, 0));
    const query = { ...KEY, from: minutes(-23), to: minutes(-1), chunkSize: 10 };
    const chunks: CandleSeries[] = [];
    for await (const chunk of service.scanCandles(query)) chunks.push(chunk);
    expect(chunks.map(({ length }) => length)).toEqual([10, 10, 2]);
    expect(CandleSeries.concat(KEY, chunks).toArray()).toEqual(candlesOf(-23, -1));
    expect(exchange.requests).toEqual([]);
  });

  it('begins where retention lets the series begin', async () => {
    const { service } = await openDesk({ retention: [{ timeframe: '1m', keep: '10m' }] });
    await service.saveCandles(KEY, candlesOf(-600, 0));
    await service.applyRetention();
    const { retainedFrom } = await service.getCandles(KEY, { fetchMissing: false });
    let first: number | undefined;
    for await (const chunk of service.scanCandles(KEY)) first ??= chunk.firstTimestamp;
    expect(first).toBe(retainedFrom);
  });

  it('can be left in the midst, and refuses what storages refuse', async () => {
    const { service } = await openDesk();
    await service.saveCandles(KEY, candlesOf(-25, 0));
    for await (const chunk of service.scanCandles({ ...KEY, chunkSize: 1 })) {
      expect(chunk.length).toBe(1);
      break;
    }
    const wrong = service.scanCandles({ ...KEY, chunkSize: 0 })[Symbol.asyncIterator]();
    await expect(wrong.next()).rejects.toMatchObject({ details: { field: 'chunkSize' } });
    const scan = service.scanCandles(KEY)[Symbol.asyncIterator]();
    await service.close();
    await expect(scan.next()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

describe('removeCandles', () => {
  it('removes candles and coverage, so that they are fetched when they are read again', async () => {
    const { service, exchange } = await openDesk();
    const range = { from: minutes(-9), to: minutes(-3) };
    const before = await service.getCandles({ ...KEY, ...range });
    exchange.takeIntervals();
    expect(await service.removeCandles(KEY, { from: minutes(-6), to: minutes(-4) })).toBe(2);
    const known = await service.getCandles({ ...KEY, ...range }, { fetchMissing: false });
    expect(known.missing).toEqual([{ from: minutes(-6), to: minutes(-4) }]);
    const after = await service.getCandles({ ...KEY, ...range });
    expect(after.series.equals(before.series)).toBe(true);
    expect(exchange.takeIntervals()).toEqual([[minutes(-6), minutes(-6) + 2 * MINUTE]]);
    expect(await service.removeCandles(KEY)).toBe(6);
    expect(await service.listSeries()).toEqual([]);
  });
});

it('shows the storage and the realtime cache that it is over', async () => {
  const { service, storage, realtime } = await openDesk();
  expect(service.storage).toBe(storage);
  expect(service.realtime).toBe(realtime);
});
