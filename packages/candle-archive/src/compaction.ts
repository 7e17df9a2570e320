import { BarkeepError, CandleSeries, type EpochMs, type SeriesKey } from '@barkeep/core';
import { EVER } from '@barkeep/storage';
import type { ArchivePolicy } from './archive-policy.ts';
import { CANDLE_CHANGE, candlesToWrite, classifyCandles } from './classify-candles.ts';
import {
  type ArchiveFigures,
  archiveFigures,
  type CompactionStep,
  figuresAfter,
  standstill,
} from './compaction-step.ts';
import { assertSoundRows } from './damaged-segment.ts';
import { ask, type Decision } from './decision.ts';
import { type Fold, loadRest, planFold, type SegmentRest } from './fold-planner.ts';
import { checkedSegment, packSegment, segmentCandles } from './stored-segment.ts';
import type { CandleSelection, SeriesRow } from './stored-series.ts';

const ALL = { limit: Number.POSITIVE_INFINITY, take: 'first' } as const;

/**
 * Brings candles of a series from rows into segments as the policy says, or back into rows: the next
 * step at the cursor or after it; `undefined` when there is none. The step reads back what it stored and
 * compares it with what it removed, and when they differ it throws, so that nothing of it is committed.
 * @throws BarkeepError `CORRUPT`
 */
export function* compactionStep(
  key: SeriesKey,
  cursor: EpochMs,
  policy: ArchivePolicy | 'off',
): Decision<CompactionStep | undefined> {
  const series = yield* ask('find', key);
  if (series === undefined) return undefined;
  if (policy === 'off') return yield* unfold(series, cursor, true);
  const plan = yield* planFold(series, cursor, policy);
  return plan && (yield* fold(series, plan));
}

/** Where the oldest work of a series is likely to be. */
export function* compactionStart(key: SeriesKey, policy: ArchivePolicy | 'off'): Decision<EpochMs> {
  const series = policy === 'off' ? undefined : yield* ask('find', key);
  if (series === undefined) return EVER.from;
  const [row] = (yield* ask('rows', series, { ...EVER, limit: 1, take: 'first' })).timestamp;
  if (row === undefined) return EVER.from;
  const before = { from: EVER.from, to: row + 1, limit: 1, take: 'last' } as const;
  const [segment] = yield* ask('segments', series, before);
  return Math.min(row, segment?.first ?? row);
}

/** What the figures of a series would be after all steps, without doing them. */
export function* explainCompaction(
  key: SeriesKey,
  policy: ArchivePolicy | 'off',
  before: ArchiveFigures,
): Decision<ArchiveFigures> {
  const series = yield* ask('find', key);
  if (series === undefined) return before;
  let figures = before;
  let cursor: EpochMs = EVER.from;
  let rest: SegmentRest | undefined;
  for (;;) {
    let step: CompactionStep | undefined;
    if (policy === 'off') {
      step = yield* unfold(series, cursor, false);
    } else {
      const plan = yield* planFold(series, cursor, policy, rest);
      const sizes = plan && outputsOf(plan).map((candles) => packSegment(candles).data.length);
      step = plan && stepOf(plan, sizes ?? []);
      // What is left of a segment stays until a fold takes it in: others may lie before it.
      rest = (plan && restOf(plan, sizes?.at(-1) ?? 0)) ?? rest;
    }
    if (step === undefined) return figures;
    figures = figuresAfter(figures, step);
    if (!(step.next > cursor)) throw standstill(key, cursor);
    cursor = step.next;
  }
}

/** As many rows as make a full segment, beside those that stay. */
export function dueRows({ automatic, keepRows, segmentCandles }: ArchivePolicy): number {
  return automatic ? keepRows + segmentCandles : Number.MAX_SAFE_INTEGER;
}

function* fold(series: SeriesRow, plan: Fold): Decision<CompactionStep> {
  const outputs = outputsOf(plan);
  const segments = outputs.map(packSegment);
  const rows = rowsOf(plan);
  if (outputs.length > 0) {
    const [removed] = yield* ask('apply', [
      {
        series,
        removedSegments: plan.segments.map(({ entry }) => entry),
        segments,
        removedRows: plan.rows.map(({ firstTimestamp: from, lastTimestamp: last }) => {
          return { from, to: last + 1 };
        }),
        counters: rows === 0 ? undefined : { ...series, rowCount: series.rowCount - rows },
      },
    ]);
    if (removed !== rows) throw unequal(series, `${removed} rows instead of ${rows}`);
  }
  for (const candles of outputs) yield* verifySegment(series, candles);
  return stepOf(
    plan,
    segments.map(({ data }) => data.length),
  );
}

function* verifySegment(series: SeriesRow, candles: CandleSeries): Decision<void> {
  const range = { from: candles.firstTimestamp, to: candles.lastTimestamp + 1, ...ALL };
  const [entry, other] = yield* ask('segments', series, range);
  if (entry === undefined || other !== undefined || entry.count !== candles.length) {
    throw unequal(series, 'a segment is not alone where it belongs');
  }
  if (!segmentCandles(checkedSegment(series.key, entry)).equals(candles))
    throw unequal(series, 'other values');
}

/** Makes rows of one segment's candles, save those that a row overlays; only counts unless `acts`. */
function* unfold(
  series: SeriesRow,
  cursor: EpochMs,
  acts: boolean,
): Decision<CompactionStep | undefined> {
  const onwards = { from: cursor, to: EVER.to, limit: 1, take: 'first' } as const;
  const [entry] = yield* ask('segments', series, onwards);
  if (entry === undefined) return undefined;
  const range = { from: entry.first, to: entry.last + 1, ...ALL };
  const { candles, bytes } = yield* loadRest(series, { entry, first: entry.first });
  const over = yield* soundRows(series, range);
  const all = CandleSeries.merge(candles, over);
  const added = all.length - over.length;
  if (acts) {
    const kinds = new Uint8Array(all.length).fill(CANDLE_CHANGE.insert);
    classifyCandles(over, all, kinds);
    yield* ask('apply', [
      {
        series,
        rows: [candlesToWrite(all, kinds)],
        removedSegments: [entry],
        counters: { ...series, rowCount: series.rowCount + added },
      },
    ]);
    if (!(yield* soundRows(series, range)).equals(all)) throw unequal(series, 'other values');
  }
  return {
    removed: archiveFigures(1, bytes, 0),
    added: archiveFigures(0, 0, added),
    next: range.to,
  };
}

function* soundRows(series: SeriesRow, selection: CandleSelection): Decision<CandleSeries> {
  const rows = yield* ask('rows', series, selection);
  assertSoundRows(series.key, rows);
  return CandleSeries.fromTrustedColumns(series.key, rows);
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
