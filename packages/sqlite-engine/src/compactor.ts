import {
  BarkeepError,
  CandleSeries,
  type EpochMs,
  isTimeframe,
  type SeriesKey,
} from '@barkeep/core';
import { encodeSegment } from '@barkeep/segment-codec';
import type { CompactionReport, SeriesFilter } from '@barkeep/storage';
import type { ArchivePolicy } from './archive-policy.ts';
import type { CandleRows } from './candle-rows.ts';
import {
  type ArchiveFigures,
  archiveFigures,
  type CompactionStep,
  CompactionTally,
  standstill,
} from './compaction-step.ts';
import { type Fold, FoldPlanner, type SegmentRest } from './fold-planner.ts';
import { FoldableRows } from './foldable-rows.ts';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import type { Segments } from './segments.ts';
import type { SeriesRow, SeriesTable } from './series-table.ts';
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';
import { inTransaction } from './transaction.ts';
import { VERDICT } from './verdict.ts';

export interface CompactedTables {
  readonly driver: SqliteDriver;
  readonly series: SeriesTable;
  readonly rows: CandleRows;
  readonly segments: Segments;
}

const BEGINNING = Number.MIN_SAFE_INTEGER;
const END = Number.MAX_SAFE_INTEGER;

/**
 * Brings candles from rows into segments as the policy says, or back into rows, in small steps. The
 * caller makes each step one transaction: a step reads back what it stored and compares it with what
 * it removes, and when they differ it throws, so that nothing of it is committed.
 */
export class Compactor {
  readonly #tables: CompactedTables;
  readonly #policy: ArchivePolicy | 'off';
  readonly #rows: FoldableRows;
  readonly #planner: FoldPlanner | undefined;
  readonly #due: SqliteStatement<
    readonly [id: number, symbol: string, timeframe: SeriesKey['timeframe']]
  >;

  constructor(tables: CompactedTables, policy: ArchivePolicy | 'off') {
    this.#tables = tables;
    this.#policy = policy;
    this.#rows = new FoldableRows(tables.driver, tables.rows);
    this.#planner =
      policy === 'off' ? undefined : new FoldPlanner(tables.segments, this.#rows, policy);
    this.#due = tables.driver.prepare(
      `SELECT id, symbol, timeframe FROM series ${WHOLE_TABLE} WHERE ${
        policy === 'off'
          ? 'id IN (SELECT DISTINCT series_id FROM segments)'
          : `row_count >= ${dueRows(policy)}`
      }`,
    );
  }

  figures(key: SeriesKey): ArchiveFigures {
    const series = this.#tables.series.find(key);
    if (series === undefined) return archiveFigures(0, 0, 0);
    const { segments, bytes } = this.#tables.segments.totals(series.id);
    return archiveFigures(segments, bytes, series.rowCount);
  }

  /** Does the next step of a series at the cursor or after it; `undefined` when there is none. */
  step(key: SeriesKey, cursor: EpochMs): CompactionStep | undefined {
    const series = this.#tables.series.find(key);
    if (series === undefined) return undefined;
    if (this.#planner === undefined) return this.#unfold(series, cursor, true);
    const fold = this.#planner.next(series, cursor);
    return fold && this.#fold(series, fold);
  }

  /** The series of which so much is not as the policy wants it that it shall not wait to be asked. */
  due(): { readonly id: number; readonly key: SeriesKey }[] {
    return this.#due
      .all([])
      .filter(([, , timeframe]) => isTimeframe(timeframe))
      .map(([id, symbol, timeframe]) => ({ id, key: { symbol, timeframe } }));
  }

  /** The number of the series if it is due. */
  idIfDue(key: SeriesKey): number | undefined {
    const series = this.#tables.series.find(key);
    if (series === undefined) return undefined;
    const isDue =
      this.#policy === 'off'
        ? this.#tables.segments.extent(series.id) !== undefined
        : series.rowCount >= dueRows(this.#policy);
    return isDue ? series.id : undefined;
  }

  /** Where the oldest work of a series is likely to be. */
  start(key: SeriesKey): EpochMs {
    const series = this.#tables.series.find(key);
    const row = series && this.#rows.first(series.id, { from: BEGINNING, to: END });
    if (row === undefined || series === undefined || this.#policy === 'off') return BEGINNING;
    return Math.min(row, this.#tables.segments.before(series.id, row)?.first ?? row);
  }

  /** What `step` would do to every series, in transactions of its own. */
  explain(filter: SeriesFilter): CompactionReport {
    const tally = new CompactionTally();
    for (const { symbol, timeframe } of this.#tables.series.list(filter)) {
      // One snapshot per series: a longer one would keep the WAL from being reset meanwhile.
      inTransaction(this.#tables.driver, 'read', () => {
        const key = { symbol, timeframe };
        tally.begin(this.figures(key));
        for (const step of this.#explained(key)) tally.add(step);
      });
    }
    return tally.report;
  }

  *#explained(key: SeriesKey): Generator<CompactionStep, void, void> {
    const series = this.#tables.series.find(key);
    if (series === undefined) return;
    let cursor: EpochMs = BEGINNING;
    let rest: SegmentRest | undefined;
    for (;;) {
      let step: CompactionStep | undefined;
      if (this.#planner === undefined) {
        step = this.#unfold(series, cursor, false);
      } else {
        const fold = this.#planner.next(series, cursor, rest);
        const sizes = fold && outputsOf(fold).map((candles) => encodeSegment(candles).length);
        step = fold && stepOf(fold, sizes ?? []);
        // What is left of a segment stays until a fold takes it in: others may lie before it.
        rest = (fold && restOf(fold, sizes?.at(-1) ?? 0)) ?? rest;
      }
      if (step === undefined) return;
      yield step;
      if (!(step.next > cursor)) throw standstill(key, cursor);
      cursor = step.next;
    }
  }

  #fold(series: SeriesRow, fold: Fold): CompactionStep {
    const { segments, rows, series: table } = this.#tables;
    for (const { entry } of fold.segments) segments.delete(entry);
    let removed = 0;
    for (const { firstTimestamp, lastTimestamp } of fold.rows) {
      removed += rows.remove(series.id, { from: firstTimestamp, to: lastTimestamp + 1 });
    }
    const outputs = outputsOf(fold);
    const sizes = outputs.map((candles) => segments.insert(series, candles));
    for (const candles of outputs) this.#verifySegment(series, candles);
    if (removed !== rowsOf(fold))
      throw unequal(series, `${removed} rows instead of ${rowsOf(fold)}`);
    if (removed > 0) table.update({ ...series, rowCount: series.rowCount - removed });
    return stepOf(fold, sizes);
  }

  #verifySegment(series: SeriesRow, candles: CandleSeries): void {
    const { segments } = this.#tables;
    const range = { from: candles.firstTimestamp, to: candles.lastTimestamp + 1 };
    const [entry, other] = segments.touching(series.id, range);
    if (entry === undefined || other !== undefined || entry.count !== candles.length) {
      throw unequal(series, 'a segment is not alone where it belongs');
    }
    const stored = this.#planner?.load(series, { entry, first: entry.first });
    if (stored === undefined || !stored.equals(candles)) throw unequal(series, 'other values');
  }

  /** Makes rows of one segment's candles, save those that a row overlays; only counts unless `acts`. */
  #unfold(series: SeriesRow, cursor: EpochMs, acts: boolean): CompactionStep | undefined {
    const { segments, series: table } = this.#tables;
    const [entry] = segments.touching(series.id, { from: cursor, to: END }, 'first', 1);
    if (entry === undefined) return undefined;
    const range = { from: entry.first, to: entry.last + 1 };
    const bytes = segments.bytes(series, entry).length;
    const candles = CandleSeries.fromTrustedColumns(series.key, segments.load(series, entry));
    const over = this.#rows.read(series, range, Number.POSITIVE_INFINITY);
    const all = CandleSeries.merge(candles, over);
    const added = all.length - over.length;
    if (acts) {
      this.#writeRows(series, all);
      const stored = this.#rows.read(series, range, Number.POSITIVE_INFINITY);
      if (!stored.equals(all)) throw unequal(series, 'other values');
      segments.delete(entry);
      table.update({ ...series, rowCount: series.rowCount + added });
    }
    return {
      removed: archiveFigures(1, bytes, 0),
      added: archiveFigures(0, 0, added),
      next: range.to,
    };
  }

  #writeRows({ id }: SeriesRow, candles: CandleSeries): void {
    const verdicts = new Uint8Array(candles.length).fill(VERDICT.insert);
    this.#tables.rows.compare(id, candles, verdicts);
    this.#tables.rows.write(id, candles, verdicts);
  }
}

/** As many rows as make a full segment, beside those that stay. */
function dueRows({ automatic, keepRows, segmentCandles }: ArchivePolicy): number {
  return automatic ? keepRows + segmentCandles : Number.MAX_SAFE_INTEGER;
}

function outputsOf({ candles, rest }: Fold): CandleSeries[] {
  return rest === undefined ? [...candles] : [...candles, rest];
}

function rowsOf({ rows }: Fold): number {
  return rows.reduce((sum, { length }) => sum + length, 0);
}

function stepOf(fold: Fold, sizes: readonly number[]): CompactionStep {
  const removedBytes = fold.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const addedBytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    removed: archiveFigures(fold.segments.length, removedBytes, rowsOf(fold)),
    added: archiveFigures(sizes.length, addedBytes, 0),
    next: fold.next,
  };
}

/** The segment that the fold would have made of the rest, in the place of the one it is part of. */
function restOf({ rest, segments }: Fold, bytes: number): SegmentRest | undefined {
  const entry = segments.at(-1)?.entry;
  if (rest === undefined || entry === undefined) return undefined;
  return { entry, first: rest.firstTimestamp, count: rest.length, bytes };
}

function unequal({ key }: SeriesRow, what: string): BarkeepError {
  return new BarkeepError(
    'INTERNAL',
    `compacting ${key.symbol} ${key.timeframe} would not keep its candles: ${what}`,
    { details: { ...key } },
  );
}
