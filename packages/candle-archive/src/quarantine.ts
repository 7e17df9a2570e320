import type { SeriesKey } from '@barkeep/core';
import type { CoverageEntry, QuarantinedRun } from '@barkeep/storage';
import { type ArchiveChange, candlesChanged } from './archive-change.ts';
import { periodsAround } from './damaged-segment.ts';
import { ask, type Decision } from './decision.ts';
import { assertReadable, inspectCandles } from './inspect-candles.ts';
import { coverageRemoved } from './ledger-change.ts';
import type { SegmentFault } from './segment-inspector.ts';
import type { SeriesIdentity } from './stored-series.ts';

/** Whether a series has segments that cannot be read, or of which something wrong is said. */
export function* needsQuarantine(key: SeriesKey): Decision<boolean> {
  const series = yield* ask('find', key);
  if (series === undefined) return false;
  const { segments, unreadable } = yield* inspectCandles(series);
  assertReadable(unreadable);
  return segments.length > 0;
}

/** Moves segments that cannot be read out of the way, with the coverage of their time. */
export function* quarantineSeries(key: SeriesKey): Decision<QuarantinedRun[]> {
  const [state] = yield* ask('states', [{ key, ranges: [] }]);
  if (state?.series === undefined) return [];
  const { series, coverage } = state;
  const { segments, unreadable, counted } = yield* inspectCandles(series);
  assertReadable(unreadable);
  const { runs, change } = mendSegments(series, segments, coverage);
  yield* ask('apply', [{ ...change, counters: counted }]);
  return runs;
}

/** Mends what is said of segments whose bytes are right, and takes others out of the way. */
export function mendSegments(
  series: SeriesIdentity,
  faults: readonly SegmentFault[],
  ledger: readonly CoverageEntry[],
): { readonly runs: QuarantinedRun[]; readonly change: ArchiveChange } {
  const { key } = series;
  const misdescribed = faults.filter((fault) => fault.kind === 'misdescribed');
  const givenUp = faults.filter(({ kind }) => kind !== 'misdescribed');
  const runs = givenUp.map(({ segment, message }) => {
    return { key, interval: periodsAround(key, segment), candles: segment.count, message };
  });
  const intervals = runs.map(({ interval }) => interval);
  const { coverage, log = [] } = coverageRemoved(ledger, intervals);
  const change = {
    series,
    setApart: givenUp.map(({ segment, message }) => [segment, message] as const),
    removedSegments: givenUp.map(({ segment }) => segment),
    described: [
      // Beginnings are unique: no other may be in the way of the right one.
      ...misdescribed.map(({ segment: { id }, header }) => {
        return [id, { ...header, first: Number.MIN_SAFE_INTEGER + id }] as const;
      }),
      ...misdescribed.map(({ segment, header }) => [segment.id, header] as const),
    ],
    coverage,
    log: [...intervals.map((interval) => candlesChanged(key, interval)), ...log],
  };
  return { runs, change };
}
