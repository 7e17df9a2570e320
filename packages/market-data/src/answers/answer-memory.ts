import { estimateBytes } from '@barkeep/cache';
import type { EpochMs, Interval } from '@barkeep/core';
import type { CandleAnswer } from '../contract/candle-answer.ts';
import type { TierStatistics } from '../contract/market-data-statistics.ts';
import { type AlignedQuery, alignedQueryText } from '../series/aligned-query.ts';
import type { StoredCandles } from './candle-reader.ts';

export interface AnswerMemoryOptions {
  /** The least recently used go first. */
  readonly maxAnswers: number;
  /** As estimated, with all the memory that slices of pages keep alive. */
  readonly maxBytes: number;
}

/** An answer, and what it rests on. */
interface KeptAnswer extends Pick<StoredCandles, 'wanted' | 'snapshot' | 'touches'> {
  readonly answer: CandleAnswer;
  /** The instants at which the answer would be the same, changes aside. */
  readonly holds: Interval;
  readonly bytes: number;
}

/** The objects of an answer, besides its candles and intervals, and its place in the map. */
const ANSWER_BYTES = 1_024;
const INTERVAL_BYTES = 128;

/**
 * The last answers whose candles all came from the cache, for queries that are made again and again:
 * an equal one is given the very same answer, as long as reading its pages again would make an equal
 * one. That ends with the snapshot it was composed from, with news from the router, and at the instant
 * when a period ends, a page expires, or the coordinator would be asked.
 */
export class AnswerMemory {
  readonly #options: AnswerMemoryOptions;
  /** Least recently used first. */
  readonly #kept = new Map<string, KeptAnswer>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor(options: AnswerMemoryOptions) {
    this.#options = options;
  }

  get statistics(): TierStatistics {
    const [hits, misses] = [this.#hits, this.#misses];
    const [bytes, evictions] = [this.#bytes, this.#evictions];
    const name = 'answers';
    return { name, adapter: 'market-data', hits, misses, failures: 0, bytes, evictions };
  }

  /** What an equal ask was answered, if the answer would be the same now. */
  recall(wanted: AlignedQuery, mayFetch: boolean, now: EpochMs): CandleAnswer | undefined {
    const text = textOf(wanted, mayFetch);
    const kept = this.#kept.get(text);
    if (kept === undefined || !stillHolds(kept, now) || kept.answer.series.isDetached) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    this.#kept.delete(text);
    this.#kept.set(text, kept);
    return kept.answer;
  }

  /** Keeps an answer that holds for a stretch of time, if the cache had all of its candles. */
  keep(stored: StoredCandles, mayFetch: boolean, answer: CandleAnswer, steady: Interval): void {
    const holds = { from: steady.from, to: Math.min(steady.to, stored.cachedUntil) };
    if (holds.from >= holds.to) return;
    const { wanted, snapshot, touches } = stored;
    const text = textOf(wanted, mayFetch);
    this.#forget(text);
    const bytes = bytesOf(text, answer);
    if (bytes > this.#options.maxBytes) return;
    this.#kept.set(text, { answer, wanted, snapshot, touches, holds, bytes });
    this.#bytes += bytes;
    this.#keepBounds();
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #keepBounds(): void {
    const { maxAnswers, maxBytes } = this.#options;
    for (const text of this.#kept.keys()) {
      if (this.#kept.size <= maxAnswers && this.#bytes <= maxBytes) return;
      this.#forget(text);
      this.#evictions += 1;
    }
  }

  #forget(text: string): void {
    this.#bytes -= this.#kept.get(text)?.bytes ?? 0;
    this.#kept.delete(text);
  }
}

function stillHolds({ wanted, snapshot, touches, holds }: KeptAnswer, now: EpochMs): boolean {
  const { series } = wanted;
  return (
    holds.from <= now &&
    now < holds.to &&
    series.snapshot === snapshot &&
    series.touches === touches
  );
}

function textOf(wanted: AlignedQuery, mayFetch: boolean): string {
  return `${mayFetch}/${alignedQueryText(wanted)}`;
}

function bytesOf(text: string, { series, missing, coverage }: CandleAnswer): number {
  const intervals = missing.length + coverage.length;
  return ANSWER_BYTES + 2 * text.length + INTERVAL_BYTES * intervals + estimateBytes(series);
}
