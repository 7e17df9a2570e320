import { latencyQuantile } from '@barkeep/core';
import type { AlertName } from '../contract/alert.ts';
import { callsSince } from './calls-since.ts';
import type { Observation } from './observation.ts';

/** How one alert's value is read and written. */
export interface AlertReading {
  /** What messages call the value. */
  readonly label: string;
  readonly unit: 'share' | 'bytes' | 'days' | 'ms' | 'count';
  /** `undefined` when it cannot be told now: then the alert stays as it is. */
  readonly read: (now: Observation, before: Observation) => number | undefined;
}

const MIN_LOOKUPS = 100;
const MIN_CALLS = 20;
const MIN_FETCHES = 5;
const READS = ['candles.read', 'candles.readColumns', 'candles.readMany', 'candles.snapshots'];
const WRITES = ['candles.write'];
const CACHE_TIERS = ['answers', 'cache', 'disk'];

/** One for each alert. What is counted is compared with the check before. */
export const ALERT_READINGS: Readonly<Record<AlertName, AlertReading>> = {
  cacheHitRate: { label: 'hit rate of the candle caches', unit: 'share', read: cacheHitRate },
  walBytes: {
    label: 'write-ahead log of the storage',
    unit: 'bytes',
    read: ({ storage }) => storage?.size.walBytes,
  },
  freeBytes: {
    label: 'free space on the disk of the storage',
    unit: 'bytes',
    read: ({ storage }) => storage?.size.freeBytes,
  },
  daysToLimit: {
    label: 'time until the storage is full',
    unit: 'days',
    read: ({ growth }) => growth?.daysToLimit,
  },
  freePageRatio: {
    label: 'share of free pages in the storage',
    unit: 'share',
    read: ({ maintenance }) => maintenance?.fragmentation?.freeRatio,
  },
  readP99Ms: {
    label: '99th percentile of storage reads',
    unit: 'ms',
    read: (now, before) => p99(READS, now, before),
  },
  writeP99Ms: {
    label: '99th percentile of storage writes',
    unit: 'ms',
    read: (now, before) => p99(WRITES, now, before),
  },
  coordinatorErrorRate: {
    label: 'error rate of the coordinator',
    unit: 'share',
    read: coordinatorErrorRate,
  },
  breakerOpenMs: {
    label: "time since the coordinator's breaker opened",
    unit: 'ms',
    read: ({ coordinator }) => coordinator?.breaker.openMs,
  },
  realtimeStaleMs: {
    label: 'time since the router brought a value',
    unit: 'ms',
    read: realtimeStaleMs,
  },
  backgroundFailures: {
    label: 'failures in the background',
    unit: 'count',
    read: (now, before) => {
      const [failures, known] = [backgroundFailures(now), backgroundFailures(before)];
      return failures === undefined || known === undefined ? undefined : failures - known;
    },
  },
};

function cacheHitRate(now: Observation, before: Observation): number | undefined {
  const [after, known] = [lookups(now), lookups(before)];
  const hits = after.hits - known.hits;
  const all = hits + after.misses - known.misses;
  return all < MIN_LOOKUPS ? undefined : hits / all;
}

/** Only what the last of the caches lacked is a miss. */
function lookups({ candles }: Observation): { readonly hits: number; readonly misses: number } {
  const caches = candles.tiers.filter(({ name }) => CACHE_TIERS.includes(name));
  const hits = caches.reduce((sum, tier) => sum + tier.hits, 0);
  return { hits, misses: caches.at(-1)?.misses ?? 0 };
}

function p99(names: readonly string[], now: Observation, before: Observation): number | undefined {
  if (now.storage === undefined || before.storage === undefined) return undefined;
  const calls = callsSince(names, now.storage.operations, before.storage.operations);
  const count = calls.reduce((sum, bucket) => sum + bucket.calls, 0);
  return count < MIN_CALLS ? undefined : latencyQuantile(calls, 0.99);
}

/** Of a request that is tried again, each attempt counts. Those that the breaker refused are no calls. */
function coordinatorErrorRate(now: Observation, before: Observation): number | undefined {
  if (now.coordinator === undefined || before.coordinator === undefined) return undefined;
  const calls = now.coordinator.calls - before.coordinator.calls;
  const failed = failedCalls(now.coordinator) - failedCalls(before.coordinator);
  return calls < MIN_FETCHES ? undefined : Math.min(1, failed / calls);
}

function failedCalls({ retries, failures }: NonNullable<Observation['coordinator']>): number {
  return retries + failures;
}

function realtimeStaleMs({ router, activity, at, calendar }: Observation): number | undefined {
  if (router?.connection.status !== 'connected') return undefined;
  const { ticker, orderBook, trades, candle } = activity;
  const ages = [ticker, orderBook, trades, candle].map(({ ageMs }) => ageMs ?? Infinity);
  const ageMs = Math.max(0, Math.min(at - router.connection.since, ...ages));
  return calendar === undefined ? ageMs : calendar.tradingMs(at - ageMs, at);
}

function backgroundFailures({ storage, router, maintenance }: Observation): number | undefined {
  if (storage === undefined) return undefined;
  const recorded = (router?.candles?.failures ?? 0) + (router?.realtime?.failures ?? 0);
  return storage.background.failures + recorded + (maintenance?.failures ?? 0);
}
