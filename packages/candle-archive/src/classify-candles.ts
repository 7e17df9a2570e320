import {
  allocateColumns,
  type CandleColumns,
  CandleSeries,
  candleComparison,
  candleCopier,
  type EpochMs,
  optionalColumns,
} from '@barkeep/core';
import type { WriteResult } from '@barkeep/storage';
import type { CandleExtent } from './stored-series.ts';

interface CandleChanges {
  /** Nothing is stored at its timestamp. */
  readonly insert: 1;
  /** A row with other values is. */
  readonly update: 2;
  /** The same values are. */
  readonly keep: 3;
  /** A segment's candle with other values is, and no row. */
  readonly overlay: 4;
}

/** What storing a candle means: bytes, since there is one for each candle of a batch. */
export const CANDLE_CHANGE: CandleChanges = Object.freeze({
  insert: 1,
  update: 2,
  keep: 3,
  overlay: 4,
});

/** Classifies candles by stored ones; those at whose timestamp nothing is stored keep their kind. */
export function classifyCandles(
  stored: CandleColumns,
  candles: CandleColumns,
  kinds: Uint8Array,
  {
    other = CANDLE_CHANGE.update,
    start = 0,
  }: { readonly other?: number; readonly start?: number } = {},
): void {
  const { timestamp } = stored;
  const isEqual = candleComparison(stored, candles);
  let j = start;
  for (let i = 0; i < kinds.length && j < timestamp.length; i += 1) {
    const at = candles.timestamp[i] ?? Number.NaN;
    while ((timestamp[j] ?? Number.POSITIVE_INFINITY) < at) j += 1;
    if (timestamp[j] !== at) continue;
    kinds[i] = isEqual(j, i) ? CANDLE_CHANGE.keep : other;
  }
}

/** How many of the kinds call for a change. */
export function countChanges(kinds: Uint8Array): number {
  let changes = 0;
  for (const kind of kinds) if (kind !== CANDLE_CHANGE.keep) changes += 1;
  return changes;
}

/** The candles that are to be stored, by their kinds. */
export function candlesToWrite(candles: CandleSeries, kinds: Uint8Array): CandleSeries {
  const changes = countChanges(kinds);
  if (changes === candles.length) return candles;
  const columns = allocateColumns(changes, optionalColumns(candles));
  const copy = candleCopier(candles, columns);
  let length = 0;
  for (let i = 0; i < kinds.length; i += 1) {
    if (kinds[i] === CANDLE_CHANGE.keep) continue;
    copy(i, length);
    length += 1;
  }
  return CandleSeries.fromTrustedColumns(candles.key, columns);
}

/** Counts what a write does, as it goes through candles in ascending order. */
export class WriteTally {
  readonly #counts = { inserted: 0, updated: 0, unchanged: 0 };
  #firstChanged: EpochMs | undefined;
  #lastChanged: EpochMs = Number.NaN;

  get result(): WriteResult {
    return { ...this.#counts };
  }

  /** The first and the last candle that were inserted or updated; `undefined` when none was. */
  get changed(): CandleExtent | undefined {
    if (this.#firstChanged === undefined) return undefined;
    return { first: this.#firstChanged, last: this.#lastChanged };
  }

  add(timestamp: EpochMs, kind: number | undefined): void {
    if (kind === CANDLE_CHANGE.keep) {
      this.#counts.unchanged += 1;
      return;
    }
    this.#counts[kind === CANDLE_CHANGE.insert ? 'inserted' : 'updated'] += 1;
    this.#firstChanged ??= timestamp;
    this.#lastChanged = timestamp;
  }

  /** Classifies candles by stored ones, and counts them; returns whether they change anything. */
  classify(stored: CandleSeries, candles: CandleSeries): boolean {
    const kinds = new Uint8Array(candles.length).fill(CANDLE_CHANGE.insert);
    const start = stored.indexAtOrAfter(candles.firstTimestamp);
    classifyCandles(stored, candles, kinds, { start });
    this.addAll(candles.timestamp, kinds);
    return countChanges(kinds) > 0;
  }

  addAll(timestamp: Float64Array, kinds: Uint8Array): void {
    for (let i = 0; i < kinds.length; i += 1) this.add(timestamp[i] ?? Number.NaN, kinds[i]);
  }
}
