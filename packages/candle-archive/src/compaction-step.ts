import { BarkeepError, type EpochMs, type SeriesKey } from '@barkeep/core';
import type { CompactionReport } from '@barkeep/storage';

/** How the candles of a series are stored. */
export interface ArchiveFigures {
  readonly segments: number;
  readonly rows: number;
  /** Of the segments, and of the rows by estimate. */
  readonly bytes: number;
}

/** How the candles of one series are stored. */
export interface SeriesFigures {
  readonly key: SeriesKey;
  readonly figures: ArchiveFigures;
}

/** What one step of a compaction replaced, and by what. */
export interface CompactionStep {
  readonly removed: ArchiveFigures;
  readonly added: ArchiveFigures;
  /** Where the next step begins. */
  readonly next: EpochMs;
}

/** What SQLite needs for a candle in a row of its own, with its share of the tree above. */
const BYTES_PER_ROW = 64;

export function archiveFigures(
  segments: number,
  segmentBytes: number,
  rows: number,
): ArchiveFigures {
  return { segments, rows, bytes: segmentBytes + rows * BYTES_PER_ROW };
}

/** Whether a step has changed something: one may only have looked for what is to be done further on. */
export function isChange({ removed, added }: CompactionStep): boolean {
  return removed.bytes + added.bytes > 0;
}

/** The error of a compaction that would do the same again and again. */
export function standstill({ symbol, timeframe }: SeriesKey, at: EpochMs): BarkeepError {
  return new BarkeepError(
    'CORRUPT',
    `compacting ${symbol} ${timeframe} does not get beyond ${at}: see integrity.check`,
    { details: { symbol, timeframe, at } },
  );
}

/**
 * What a compaction did, from what there was of each series before and after it: another compaction may
 * have been at work beside it. `changed` are the series of which it is known.
 */
export function comparedFigures(
  before: readonly SeriesFigures[],
  after: readonly SeriesFigures[],
  changed: ReadonlySet<SeriesKey> = new Set(),
): CompactionReport {
  const isChanged = ({ key, figures: { segments, rows } }: SeriesFigures, i: number): boolean => {
    const now = after[i]?.figures ?? archiveFigures(0, 0, 0);
    // More rows are no sign of it: every write may add some.
    return changed.has(key) || now.segments !== segments || now.rows < rows;
  };
  const [first, last] = [totalOf(before), totalOf(after)];
  return {
    series: before.filter(isChanged).length,
    segmentsBefore: first.segments,
    segmentsAfter: last.segments,
    rowsBefore: first.rows,
    rowsAfter: last.rows,
    bytesBefore: first.bytes,
    bytesAfter: last.bytes,
  };
}

function totalOf(all: readonly SeriesFigures[]): ArchiveFigures {
  const zero = archiveFigures(0, 0, 0);
  return all.reduce((total, { figures }) => sumOf(total, figures, 1), zero);
}

/** The figures after a step. */
export function figuresAfter(figures: ArchiveFigures, step: CompactionStep): ArchiveFigures {
  return sumOf(sumOf(figures, step.removed, -1), step.added, 1);
}

function sumOf(a: ArchiveFigures, b: ArchiveFigures, sign: 1 | -1): ArchiveFigures {
  return {
    segments: a.segments + sign * b.segments,
    rows: a.rows + sign * b.rows,
    bytes: a.bytes + sign * b.bytes,
  };
}
