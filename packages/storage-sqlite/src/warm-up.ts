import { allocateColumns, type CandleColumns, type SeriesKey } from '@barkeep/core';
import { SqliteEngine } from '@barkeep/sqlite-engine';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';

const KEY: SeriesKey = Object.freeze({ symbol: 'WARM-UP', timeframe: '1m' });
const CANDLES = 8_192;
const LATEST = 1_000;
const LATEST_READS = 40;
const FULL_READS = 60;

/**
 * Reads invented candles from a database in memory, so that the code is compiled before the first
 * read that somebody waits for.
 */
export function warmUp(): void {
  const driver = new BetterSqlite3Driver({ path: ':memory:', busyTimeoutMs: 0 });
  try {
    const engine = SqliteEngine.open(driver, {
      access: 'read-write',
      journal: 'memory',
      synchronous: 'off',
      writer: 0,
    });
    const batch = { key: KEY, covers: [], source: '', collectedAt: 0, replaces: 'all' } as const;
    engine.write([{ ...batch, columns: inventedCandles() }]);
    const query = { key: KEY, from: 0, to: Number.MAX_SAFE_INTEGER, take: 'last' } as const;
    for (let i = 0; i < LATEST_READS; i += 1) {
      engine.readUpTo(CANDLES, { ...query, limit: LATEST });
      engine.snapshots([
        { key: KEY, ranges: [{ ...query, limit: LATEST, candles: { unless: '' } }] },
      ]);
    }
    for (let i = 0; i < FULL_READS; i += 1) {
      engine.readUpTo(CANDLES, { ...query, limit: Number.POSITIVE_INFINITY });
    }
  } finally {
    driver.close();
  }
}

/** Prices that walk up and down with two decimals, volumes with eight. */
function inventedCandles(): CandleColumns {
  const { timestamp, open, high, low, close, volume } = allocateColumns(CANDLES);
  let last = 5_000_000;
  for (let i = 0; i < CANDLES; i += 1) {
    const step = ((i * 7_919) % 401) - 200;
    timestamp[i] = i * 60_000;
    open[i] = last / 100;
    last += step;
    close[i] = last / 100;
    high[i] = Math.max(open[i] ?? 0, last / 100) + (i % 3) / 4;
    low[i] = Math.min(open[i] ?? 0, last / 100) - (i % 5) / 4;
    volume[i] = ((i * 104_729) % 999_983) / 1e8;
  }
  return { timestamp, open, high, low, close, volume };
}
