import { CandleSeries, type SeriesKey } from '@barkeep/core';
import type { CheckedQuery } from '@barkeep/storage';
import { expect, it } from 'vitest';
import { TinyStorage } from './tiny-storage.ts';

const KEY: SeriesKey = { symbol: 'X', timeframe: '1m' };
const MINUTE = 60_000;

/** A storage that answers the same chunk whatever it is asked for, as one with damaged data may. */
class Stuck extends TinyStorage {
  readonly asked: CheckedQuery[] = [];

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    this.asked.push(query);
    const length = Math.min(query.limit, 100_000);
    const timestamp = Float64Array.from({ length }, (_, i) => i * MINUTE);
    const column = new Float64Array(length).fill(1);
    return CandleSeries.fromTrustedColumns(KEY, {
      timestamp,
      open: column,
      high: column,
      low: column,
      close: column,
      volume: column,
    });
  }
}

it('ends a scan and a continuity report over data that leads nowhere, and closes', async () => {
  const storage = new Stuck();
  await storage.open();
  const scan = async () => {
    for await (const _ of storage.candles.scan({ ...KEY, chunkSize: 10 }));
  };
  await expect(scan()).rejects.toMatchObject({ code: 'CORRUPT', details: KEY });
  const range = { from: 0, to: 200_000 * MINUTE };
  await expect(storage.coverage.continuity(KEY, range)).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(storage.asked.length).toBeLessThan(6);
  await storage.close();
});

it('reports what was repaired, and tells subscribers of the series that may read differently', async () => {
  const report = {
    repairs: [{ kind: 'counter', key: KEY, message: 'counted anew' }],
    truncated: false,
    series: [KEY],
    remaining: [],
  } as const;
  class Repaired extends TinyStorage {
    protected override async _repair() {
      return report;
    }
  }
  const storage = new Repaired({ integrity: true });
  await storage.open();
  const events: unknown[] = [];
  storage.changes.subscribe((event) => events.push(event));
  expect(await storage.integrity?.repair()).toEqual(report);
  expect(events).toMatchObject([
    { type: 'candles', key: KEY, origin: 'local' },
    { type: 'coverage', key: KEY, origin: 'local' },
  ]);
  await expect(storage.integrity?.repair({ ...KEY, symbol: '' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await storage.close();
});

it('repairs nothing unless its adapter says otherwise, and says what therefore remains', async () => {
  const problem = {
    kind: 'value',
    repair: 'restore-backup',
    key: KEY,
    message: 'is no candle',
  } as const;
  class Faulty extends TinyStorage {
    protected override async _checkIntegrity() {
      return { ok: false, series: 1, candles: 1, problems: [problem], truncated: false };
    }
  }
  const storage = new Faulty({ integrity: true });
  await storage.open();
  const nothing = { repairs: [], truncated: false, series: [], remaining: [problem] };
  expect(await storage.integrity?.repair()).toEqual(nothing);
  await storage.close();
});
