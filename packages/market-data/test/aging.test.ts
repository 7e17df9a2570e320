/**
 * A database through months of a market's life, in `pnpm test:long` through two years: candles every hour,
 * late ones, old ranges removed. It looks after itself meanwhile.
 */
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Candle, ManualClock, type SeriesKey } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import { MINUTE } from './fixtures.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2024, 0, 1);
const DAYS = Math.min(730, budget(20));
const KEPT_DAYS = Math.ceil(DAYS / 2);
const SERIES: readonly SeriesKey[] = ['BTC', 'ETH', 'XRP', 'SOL', 'LINK'].map((symbol) => ({
  symbol: `KRW-${symbol}`,
  timeframe: '1m',
}));

it('keeps its size, and every action has its reason', { timeout: budget(60_000) }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-aging-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const clock = new ManualClock(START);
  const aged = new SqliteStorage({ path: join(directory, 'aged.sqlite3'), clock });
  await aged.open();
  const service = await createMarketData({
    storage: aged,
    clock,
    cache: false,
    maintenance: { intervalMs: 10 * MINUTE },
  });
  let longestWaitMs = 0;
  const waited = async <T>(work: Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work;
    longestWaitMs = Math.max(longestWaitMs, performance.now() - start);
    return result;
  };
  for (let hour = 0; hour < 24 * DAYS; hour += 1) {
    const now = START + hour * HOUR;
    for (const key of SERIES) {
      await waited(service.saveCandles(key, candles(key, now - HOUR, now)));
    }
    if (hour % 24 === 5) {
      await removeOld(aged, now - KEPT_DAYS * DAY);
      await waited(service.saveCandles(late(hour), candles(late(hour), now - 30 * HOUR, now)));
    }
    await waited(service.getCandles({ ...late(hour), limit: 200 }));
    await passAnHour(service, clock);
  }
  const { candlesInserted } = await aged.stats();
  const history = (await service.maintenance?.history()) ?? [];
  await service.close();
  await aged.close();

  const agedBytes = sizeOf(directory, 'aged');
  const vacuumed = agedBytes / (await vacuumedBytes(directory));
  const loaded = agedBytes / (await loadedBytes(directory));
  console.log(
    `aging: ${DAYS} days, ${candlesInserted} candles, ${vacuumed.toFixed(2)} × the size after a full vacuum, ${loaded.toFixed(2)} × that of the same candles loaded at once, longest wait ${longestWaitMs.toFixed(0)} ms, ${history.length} runs`,
  );
  expect(vacuumed).toBeLessThan(1.3);
  // Of a short life most candles are still rows, which take several times the space.
  if (DAYS > 365) expect(loaded).toBeLessThan(1.3);
  expect(history.length).toBeGreaterThan(0);
  for (const { action, outcome, reason, at } of history) {
    expect({ action, outcome }).toEqual({ action, outcome: 'done' });
    expect(reason).toMatch(/: /);
    const seoul = ((at + 9 * HOUR) % DAY) / HOUR;
    if (['vacuum', 'reindex', 'integrity-check'].includes(action)) {
      expect(seoul).toBeGreaterThanOrEqual(2);
      expect(seoul).toBeLessThan(4);
    }
    if (action === 'vacuum') expect(reason).toContain('more than 1000 pages are free');
  }
});

function late(hour: number): SeriesKey {
  return SERIES[hour % SERIES.length] ?? { symbol: 'KRW-BTC', timeframe: '1m' };
}

function candles({ symbol }: SeriesKey, from: number, to: number): Candle[] {
  const all: Candle[] = [];
  for (let timestamp = Math.max(START, from); timestamp < to; timestamp += MINUTE) {
    const period = timestamp / MINUTE;
    const open = 1_000 * symbol.length + ((period * 37) % 1_009);
    const close = open + ((period * 53) % 11) - 5;
    const [high, low] = [
      Math.max(open, close) + (period % 3),
      Math.min(open, close) - (period % 2),
    ];
    all.push({ timestamp, open, high, low, close, volume: ((period * 7_919) % 10_007) / 128 });
  }
  return all;
}

async function removeOld({ candles: repository }: SqliteStorage, before: number): Promise<void> {
  for (const key of SERIES) await repository.remove(key, { from: 0, to: before });
}

/** Maintenance takes its real time. */
async function passAnHour(service: IMarketDataService, clock: ManualClock): Promise<void> {
  for (let part = 0; part < 6; part += 1) {
    clock.advance(10 * MINUTE);
    await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 3; turn += 1) await service.maintenance?.history();
  }
}

function sizeOf(directory: string, name: string): number {
  return statSync(join(directory, `${name}.sqlite3`)).size;
}

async function vacuumedBytes(directory: string): Promise<number> {
  cpSync(join(directory, 'aged.sqlite3'), join(directory, 'vacuumed.sqlite3'));
  const storage = new SqliteStorage({ path: join(directory, 'vacuumed.sqlite3') });
  await storage.open();
  await storage.maintenance?.vacuum();
  await storage.close();
  return sizeOf(directory, 'vacuumed');
}

async function loadedBytes(directory: string): Promise<number> {
  const [from, to] = ['aged', 'loaded'].map(
    (name) => new SqliteStorage({ path: join(directory, `${name}.sqlite3`) }),
  );
  if (from === undefined || to === undefined) throw new TypeError('there are two');
  await from.open();
  await to.open();
  for (const key of SERIES) {
    await to.candles.write({ key, candles: await from.candles.read(key) });
  }
  await from.close();
  await to.close();
  return sizeOf(directory, 'loaded');
}
