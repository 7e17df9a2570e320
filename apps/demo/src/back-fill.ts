import { countPeriods, type Interval, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';

/** Fetched windows are read back, so they bound the memory that a long back-fill takes. */
const WINDOW_PERIODS = 50_000;

/** What a series lacks. */
export interface SeriesHoles {
  readonly key: SeriesKey;
  readonly missing: readonly Interval[];
  readonly periods: number;
}

/** Which periods of a range nobody has fetched yet, series by series. */
export async function findHoles(
  service: IMarketDataService,
  keys: readonly SeriesKey[],
  range: Interval,
): Promise<SeriesHoles[]> {
  return Promise.all(
    keys.map(async (key) => {
      const { missing } = (await service.describeSeries(key, range)).continuity;
      return { key, missing, periods: countPeriods(missing, timeframeGrid(key.timeframe)) };
    }),
  );
}

/**
 * Has the service fetch what is missing, and nothing else.
 * @throws BarkeepError `SOURCE_FAILED` when the exchange could not deliver.
 */
export async function fillHoles(
  service: IMarketDataService,
  holes: readonly SeriesHoles[],
  signal?: AbortSignal,
): Promise<void> {
  for (const { key, missing } of holes) {
    for (const window of missing.flatMap((interval) => windows(key, interval))) {
      await service.getCandles({ ...key, ...window }, { onMissing: 'throw', signal });
    }
  }
}

function windows({ timeframe }: SeriesKey, { from, to }: Interval): Interval[] {
  const grid = timeframeGrid(timeframe);
  const cut: Interval[] = [];
  for (let start = from; start < to; start = grid.shift(start, WINDOW_PERIODS)) {
    cut.push({ from: start, to: Math.min(grid.shift(start, WINDOW_PERIODS), to) });
  }
  return cut;
}
