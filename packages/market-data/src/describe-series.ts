import {
  type CallOptions,
  type Clock,
  type EpochMs,
  type Interval,
  validateInterval,
} from '@barkeep/core';
import {
  type ContinuityReport,
  type CoverageEntry,
  coverageWithin,
  type IMarketDataStorage,
  refuseOtherUnits,
} from '@barkeep/storage';
import { KnownSnapshot } from './series/known-snapshot.ts';
import { NO_FLOOR, type SeriesFloors } from './series/series-floors.ts';
import type { SeriesState } from './series/series-state.ts';

/** What a description says of what is stored. */
export interface StoredQuality {
  readonly continuity: ContinuityReport;
  readonly coverage: readonly CoverageEntry[];
  readonly collectedAt: EpochMs | undefined;
  readonly retainedFrom: EpochMs | undefined;
}

/** How often a series is described anew because it changed meanwhile. */
const MAX_ATTEMPTS = 5;

/** Describes one state of a series: its candles are counted between two equal snapshots. */
export async function describeSeries(
  storage: IMarketDataStorage,
  clock: Clock,
  series: SeriesState,
  floors: SeriesFloors,
  range: Interval | undefined,
  options: CallOptions,
): Promise<StoredQuality> {
  if (range !== undefined) {
    validateInterval(range, 'range');
    refuseOtherUnits(range, series.key.timeframe);
  }
  const look = async (): Promise<KnownSnapshot> => {
    const request = { ...series.key, ranges: [range ?? {}] };
    const [snapshot] = await storage.candles.snapshots([request], options);
    if (snapshot === undefined) throw new TypeError('every request must have a snapshot');
    return new KnownSnapshot(snapshot, { pages: [0] }, clock.now());
  };
  let before = await look();
  for (let attempt = 1; ; attempt += 1) {
    for (const entry of before.disbelieved) await storage.coverage.remove(series.key, entry);
    // After the snapshot: what it lacks lies below a floor that was written before.
    const floor = await floors.renew(series);
    const whole = range ?? before.extent;
    const within = whole && floor > whole.from ? aboveFloor(whole, floor) : range;
    const continuity = await storage.coverage.continuity(series.key, within, options);
    const after = await look();
    if (attempt === MAX_ATTEMPTS || before.absorb(after)) {
      const { from, to } = continuity.range;
      const retainedFrom = floor === NO_FLOOR ? undefined : floor;
      const coverage = coverageWithin(after.entries, from, to);
      return { continuity, coverage, collectedAt: latestOf(coverage), retainedFrom };
    }
    before = after;
  }
}

function aboveFloor({ to }: Interval, floor: EpochMs): Interval {
  return { from: floor, to: Math.max(floor, to) };
}

function latestOf(coverage: readonly CoverageEntry[]): EpochMs | undefined {
  return coverage.length === 0
    ? undefined
    : Math.max(...coverage.map(({ collectedAt }) => collectedAt));
}
