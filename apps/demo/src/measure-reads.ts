import { type EpochMs, type SeriesKey, timeframeGrid } from '@barkeep/core';
import type { CandleOrigins, IMarketDataService, SeriesReport } from '@barkeep/market-data';

export const CANDLES_PER_READ = 1_000;
/** Older than what is read ahead at the start. */
const HISTORY_PERIODS = 12_000;

/** Each series read once. */
export interface ReadRound {
  /** The mean of a read. */
  readonly tookMs: number;
  /** How many candles came from where, over all reads. */
  readonly origins: CandleOrigins;
}

/** How reading a thousand candles went. */
export interface ReadSample {
  /** Some of long ago, wherever they were. */
  readonly history: ReadRound;
  /** The latest, with none of them in memory. */
  readonly first: ReadRound;
  /** The same once more, put together from pages. */
  readonly second: ReadRound;
  /** The same again: an answer that was given before. */
  readonly third: ReadRound;
}

export async function measureReads(
  service: IMarketDataService,
  reports: readonly SeriesReport[],
): Promise<ReadSample> {
  const history = await readEach(service, reports, HISTORY_PERIODS);
  for (const report of reports) await forgetLatest(service, report);
  const first = await readEach(service, reports, 0);
  const second = await readEach(service, reports, 0);
  return { history, first, second, third: await readEach(service, reports, 0) };
}

/** Only what is about to be read: other pages are worth keeping. */
async function forgetLatest(
  service: IMarketDataService,
  { key, continuity }: SeriesReport,
): Promise<void> {
  const to = timeframeGrid(key.timeframe).shift(continuity.range.to);
  const range = { from: periodsBefore(key, to, 2 * CANDLES_PER_READ), to };
  await service.invalidate({ ...key, range });
}

async function readEach(
  service: IMarketDataService,
  reports: readonly SeriesReport[],
  periodsAgo: number,
): Promise<ReadRound> {
  const origins = { cache: 0, router: 0, disk: 0, storage: 0, coordinator: 0 };
  const start = performance.now();
  for (const { key, continuity } of reports) {
    const end = periodsAgo === 0 ? {} : { to: periodsBefore(key, continuity.range.to, periodsAgo) };
    const query = { ...key, ...end, limit: CANDLES_PER_READ };
    const answer = await service.getCandles(query, { fetchMissing: false });
    for (const origin of ORIGINS) origins[origin] += answer.origins[origin];
  }
  return { tookMs: (performance.now() - start) / reports.length, origins };
}

const ORIGINS = ['cache', 'router', 'disk', 'storage', 'coordinator'] as const;

function periodsBefore({ timeframe }: SeriesKey, instant: EpochMs, periods: number): EpochMs {
  return timeframeGrid(timeframe).shift(instant, -periods);
}
