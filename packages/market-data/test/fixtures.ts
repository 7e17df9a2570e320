import { MemoryCache } from '@barkeep/cache-memory';
import { ManualClock, type SeriesKey } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataService,
  type MarketDataConfig,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { onTestFinished } from 'vitest';
import { FakeExchange, type FakeExchangeOptions } from './fake-exchange.ts';

export const MINUTE = 60_000;
/** A minute starts here; the clock of a desk is half a minute past it. */
export const NOON: number = Date.UTC(2026, 0, 1, 12);
export const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };

export function minutes(count: number): number {
  return NOON + count * MINUTE;
}

export interface Desk {
  readonly clock: ManualClock;
  readonly exchange: FakeExchange;
  readonly storage: MemoryStorage;
  readonly realtime: MemoryRealtime;
  readonly cache: MemoryCache;
  readonly service: IMarketDataService;
}

export interface DeskOptions extends Partial<MarketDataConfig> {
  readonly exchange?: Omit<FakeExchangeOptions, 'clock'>;
}

/**
 * A service over real adapters in memory and a fake exchange, at half past noon's minute. What is delivered
 * is final at once, unless the test says otherwise.
 */
export async function openDesk({ exchange: market, ...config }: DeskOptions = {}): Promise<Desk> {
  const clock = new ManualClock(NOON + MINUTE / 2);
  const exchange = new FakeExchange({ clock, ...market });
  const storage = new MemoryStorage({ clock });
  const realtime = new MemoryRealtime({ clock });
  const cache = new MemoryCache({ clock });
  const parts = { storage, realtime, cache, coordinator: exchange, clock };
  const fetching = { settlingMs: 0, ...config.fetching };
  const service = await createMarketData({ ...parts, ...config, fetching });
  onTestFinished(() => service.close());
  return { clock, exchange, storage, realtime, cache, service };
}

/** Lets everything that waits for nothing but promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves the clock on while a promise is pending, so that its waits pass. */
export async function throughTime<T>(
  clock: ManualClock,
  work: Promise<T>,
  stepMs = 1_000,
): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  work.then(mark, mark);
  for (let step = 0; step < 10_000 && !done; step += 1) {
    await settle();
    if (!done) clock.advance(stepMs);
  }
  return work;
}
