import type { ArchiveBatch } from '@barkeep/candle-archive';
import {
  allocateColumns,
  type CandleColumns,
  copyColumns,
  type Interval,
  optionalColumns,
  parseSeriesKeyText,
  seriesKeyText,
  sliceColumns,
} from '@barkeep/core';
import type { BatchOutcome, CheckedBatch } from '@barkeep/storage';

/**
 * Any number of batches in a few arrays: a message of a hundred thousand objects would keep the thread
 * that sends it for most of a second.
 */
export interface PackedBatches {
  /** Keys as texts, and sources: each once. */
  readonly keys: readonly string[];
  readonly sources: readonly string[];
  /** Six numbers per batch: key, candles, covers, source, when it was collected, whether it replaces all. */
  readonly heads: Float64Array;
  /** The candles of all batches, one after the other. */
  readonly columns: CandleColumns;
  /** Two numbers per covered interval. */
  readonly covers: Float64Array;
}

const HEAD = 6;
/** Per outcome: inserted, updated, unchanged, and what changed, from and to. */
const OUTCOME = 5;

/** Packs batches, a batch at each step. */
export function* packBatches(
  batches: readonly CheckedBatch[],
): Generator<void, PackedBatches, void> {
  const keys = new Numbering();
  const sources = new Numbering();
  const heads = new Float64Array(batches.length * HEAD);
  const columns = allocateColumns(
    batches.reduce((sum, { series }) => sum + series.length, 0),
    optionalColumns(...batches.map(({ series }) => series)),
  );
  const covers = new Float64Array(batches.reduce((sum, batch) => sum + 2 * batch.covers.length, 0));
  let candle = 0;
  let bound = 0;
  for (const [i, batch] of batches.entries()) {
    const { series } = batch;
    const head = [
      keys.of(seriesKeyText(batch.key)),
      series.length,
      batch.covers.length,
      sources.of(batch.source),
      batch.collectedAt,
      batch.replaces === 'all' ? 1 : 0,
    ];
    heads.set(head, i * HEAD);
    copyColumns(series, columns, candle);
    candle += series.length;
    for (const { from, to } of batch.covers) {
      covers[bound] = from;
      covers[bound + 1] = to;
      bound += 2;
    }
    yield;
  }
  return { keys: keys.texts, sources: sources.texts, heads, columns, covers };
}

/** The batches, whose columns share the memory of the packed ones. */
export function unpackBatches({
  keys,
  sources,
  heads,
  columns,
  covers,
}: PackedBatches): ArchiveBatch[] {
  const known = keys.map(parseSeriesKeyText);
  const batches: ArchiveBatch[] = [];
  let candle = 0;
  let bound = 0;
  for (let at = 0; at < heads.length; at += HEAD) {
    const [keyNumber = 0, length = 0, intervals = 0, sourceNumber = 0, collectedAt = 0, all] =
      heads.subarray(at, at + HEAD);
    const key = known[keyNumber];
    const source = sources[sourceNumber];
    if (key === undefined || source === undefined) throw new RangeError('batches packed wrongly');
    const start = candle;
    candle += length;
    const end = candle;
    const covered: Interval[] = [];
    for (const end = bound + 2 * intervals; bound < end; bound += 2) {
      covered.push({ from: covers[bound] ?? 0, to: covers[bound + 1] ?? 0 });
    }
    batches.push({
      key,
      columns: sliceColumns(columns, start, end),
      covers: covered,
      source,
      collectedAt,
      replaces: all === 1 ? 'all' : 'uncovered',
    });
  }
  return batches;
}

export function packOutcomes(outcomes: readonly BatchOutcome[]): Float64Array {
  const packed = new Float64Array(outcomes.length * OUTCOME);
  for (const [i, { inserted, updated, unchanged, changed }] of outcomes.entries()) {
    const { from, to } = changed ?? { from: Number.NaN, to: Number.NaN };
    packed.set([inserted, updated, unchanged, from, to], i * OUTCOME);
  }
  return packed;
}

/** The outcomes, one at each step. */
export function* unpackOutcomes(packed: Float64Array): Generator<void, BatchOutcome[], void> {
  const outcomes: BatchOutcome[] = [];
  for (let at = 0; at < packed.length; at += OUTCOME) {
    const [inserted = 0, updated = 0, unchanged = 0, from = 0, to = 0] = packed.subarray(
      at,
      at + OUTCOME,
    );
    const changed = Number.isNaN(from) ? undefined : { from, to };
    outcomes.push({ inserted, updated, unchanged, changed });
    yield;
  }
  return outcomes;
}

/** Gives each text a number, in the order in which they come. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  get texts(): string[] {
    return [...this.#numbers.keys()];
  }

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
