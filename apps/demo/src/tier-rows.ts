import type { MarketDataStatistics } from '@barkeep/market-data';
import { count } from './terminal/figures.ts';
import type { TableColumn } from './terminal/text-table.ts';

export const TIER_COLUMNS: readonly TableColumn[] = [
  { title: 'Tier', align: 'left' },
  { title: 'Served by', align: 'left' },
  { title: 'Found', align: 'right' },
  { title: 'Not found', align: 'right' },
  { title: 'Failed', align: 'right' },
  { title: 'Candles', align: 'right' },
];

/** What the service calls its tiers, and what readers do. */
const NAMES: Readonly<Record<string, string>> = { cache: 'memory' };

/**
 * The tiers in the order in which they are asked, with how often each had what it was asked for, and
 * how many of the candles that callers were given came from it.
 */
export function tierRows({ candles, coordinator }: MarketDataStatistics): string[][] {
  const { fromCache, fromRouter, fromDisk, fromStorage, fromCoordinator } = candles;
  const served: Readonly<Record<string, number>> = {
    cache: fromCache,
    router: fromRouter,
    disk: fromDisk,
    storage: fromStorage,
  };
  const rows = candles.tiers.map(({ name, adapter, hits, misses, failures }) => [
    NAMES[name] ?? name,
    adapter,
    count(hits),
    count(misses),
    count(failures),
    // Answers given again count as candles from memory.
    served[name] === undefined ? '' : count(served[name]),
  ]);
  if (coordinator === undefined) return rows;
  const { calls, retries, failures } = coordinator;
  const figures = [count(calls - retries - failures), '', count(failures), count(fromCoordinator)];
  return [...rows, ['coordinator', 'exchange', ...figures]];
}
