import {
  type CandleColumns,
  CandleSeries,
  type Interval,
  type IntervalSet,
  type SeriesKey,
  seriesKeyText,
} from '@barkeep/core';
import {
  type BatchOutcome,
  type CheckedBatch,
  type CoverageEntry,
  uncoveredPart,
} from '@barkeep/storage';
import { type ArchiveChange, candlesChanged } from './archive-change.ts';
import type { ArchivePolicy } from './archive-policy.ts';
import type { ChangeLoad, LoadedChange } from './archive-port.ts';
import { ask, type Decision } from './decision.ts';
import { coverageAdded, coverageRemoved } from './ledger-change.ts';
import { StorePlan, wantedToStore } from './store-plan.ts';
import { joinOptional, periodsOf } from './stored-series.ts';

/** A batch of candles to store, in plain values that can be sent between threads. */
export interface ArchiveBatch {
  readonly key: SeriesKey;
  /** Valid, ascending, without duplicates. */
  readonly columns: CandleColumns;
  /** Whole periods. A batch without any has at least one candle. */
  readonly covers: IntervalSet;
  readonly source: string;
  readonly collectedAt: number;
  readonly replaces: CheckedBatch['replaces'];
}

/** How many candles are loaded for, decided about and stored together, of as many series as there are. */
const TOGETHER = 65_536;
const NO_CANDLES = Object.freeze({ at: new Float64Array(0), mostRows: 0, beside: false });

/** Stores all batches in order, with their coverage. */
export function* writeBatches(
  batches: readonly ArchiveBatch[],
  policy: ArchivePolicy | 'off',
): Decision<BatchOutcome[]> {
  const outcomes: BatchOutcome[] = [];
  for (const group of together(batches)) {
    const loads = group.map((batch) => loadOf(batch, policy));
    const loaded = yield* ask('hold', loads);
    const changes: ArchiveChange[] = [];
    for (const [i, batch] of group.entries()) {
      const { outcome, change } = yield* store(batch, held(loaded[i]), policy);
      outcomes.push(outcome);
      changes.push(change);
    }
    yield* ask('apply', changes);
  }
  return outcomes;
}

export function* addCoverage(key: SeriesKey, entry: CoverageEntry): Decision<void> {
  const load = { key, creates: true, ...NO_CANDLES, covered: [entry] };
  const { series, coverage } = held((yield* ask('hold', [load]))[0]);
  yield* ask('apply', [{ series, ...coverageAdded(coverage, [entry]) }]);
}

export function* removeCoverage(key: SeriesKey, range: Interval): Decision<void> {
  const load = { key, creates: false, ...NO_CANDLES, covered: [range] };
  const [found] = yield* ask('hold', [load]);
  if (found === undefined) return;
  const { series, coverage } = found;
  yield* ask('apply', [{ series, ...coverageRemoved(coverage, [range]) }]);
}

/**
 * Notes in the change log, and by new revisions, that others may have changed a range. A series that is
 * not there comes into being, without candles: the entries belong to it.
 */
export function* announceChange(key: SeriesKey, range: Interval): Decision<void> {
  const [found] = yield* ask('hold', [{ key, creates: true, ...NO_CANDLES, covered: [] }]);
  const log = [candlesChanged(key, range), { kind: 'coverage', range } as const];
  yield* ask('apply', [{ series: held(found).series, log }]);
}

/** Batches that do not depend on each other. */
function* together(batches: readonly ArchiveBatch[]): Generator<readonly ArchiveBatch[]> {
  if (batches.length === 1) {
    yield batches;
    return;
  }
  let group: ArchiveBatch[] = [];
  let candles = 0;
  const keys = new Set<string>();
  for (const batch of batches) {
    const key = seriesKeyText(batch.key);
    const { length } = batch.columns.timestamp;
    if (group.length > 0 && (keys.has(key) || candles + length > TOGETHER)) {
      yield group;
      group = [];
      candles = 0;
      keys.clear();
    }
    group.push(batch);
    keys.add(key);
    candles += length;
  }
  yield group;
}

function loadOf(batch: ArchiveBatch, policy: ArchivePolicy | 'off'): ChangeLoad {
  const { key, columns, covers, replaces } = batch;
  // What replaces only what is uncovered has to know the ledger wherever it has candles.
  const covered = replaces === 'all' ? covers : [hullOf(batch)];
  return { key, creates: true, ...wantedToStore(columns.timestamp, policy), covered };
}

/** From the first to the last instant that a batch says something of. */
function hullOf({ columns: { timestamp }, covers }: ArchiveBatch): Interval {
  const [first, last] = [timestamp[0], timestamp.at(-1)];
  const from = Math.min(
    first ?? Number.POSITIVE_INFINITY,
    covers[0]?.from ?? Number.POSITIVE_INFINITY,
  );
  const to = Math.max(
    (last ?? Number.NEGATIVE_INFINITY) + 1,
    covers.at(-1)?.to ?? Number.NEGATIVE_INFINITY,
  );
  return { from, to };
}

function* store(
  { key, columns, covers, source, collectedAt, replaces }: ArchiveBatch,
  loaded: LoadedChange,
  policy: ArchivePolicy | 'off',
): Decision<{ readonly outcome: BatchOutcome; readonly change: ArchiveChange }> {
  const { series, coverage: ledger } = loaded;
  const given = CandleSeries.fromTrustedColumns(key, columns);
  const wanted = uncoveredPart({ series: given, covers, replaces }, ledger);
  const optional = joinOptional(series.optional, wanted.series);
  const plan = new StorePlan(loaded, policy);
  const tally = yield* plan.store(wanted.series);
  const { inserted, updated, unchanged } = tally.result;
  const changed = tally.changed && periodsOf(key, tally.changed);
  const added = wanted.covers.map((interval) => ({ ...interval, source, collectedAt }));
  const { coverage, log = [] } = coverageAdded(ledger, added);
  return {
    outcome: {
      inserted,
      updated,
      unchanged: unchanged + given.length - wanted.series.length,
      changed,
    },
    change: {
      series,
      optional: optional === series.optional ? undefined : optional,
      ...plan.change(inserted, wanted.series),
      coverage,
      log: changed === undefined ? log : [candlesChanged(key, changed), ...log],
    },
  };
}

function held(loaded: LoadedChange | undefined): LoadedChange {
  if (loaded !== undefined) return loaded;
  throw new TypeError('a series that was to come into being is not there');
}
