import type { Candle } from '@barkeep/core';
import type { ContinuityReport, WriteResult } from '@barkeep/storage';
import { isEqual } from '../../is-equal.ts';

/** Periods by number, half-open. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface ModelEntry extends Span {
  readonly source: string;
  /** `undefined`: now, by whichever clock the storage goes. */
  readonly collectedAt: number | undefined;
}

/** A batch of a model run, with periods in place of times. */
export interface ModelBatch {
  readonly series: number;
  readonly candles: ReadonlyMap<number, Candle>;
  readonly covers: readonly Span[];
  readonly source: string;
  readonly replaces: 'all' | 'uncovered' | undefined;
}

/** What a series has. A state is never changed, so it can be held against an answer later. */
export interface ModelSeries {
  readonly candles: ReadonlyMap<number, Candle>;
  readonly ledger: readonly ModelEntry[];
}

const NOTHING: ModelSeries = { candles: new Map(), ledger: [] };

/** What a storage must do, in the plainest way. It shares no code with the contract's abstract base. */
export class StorageModel {
  readonly documents: Map<string, unknown> = new Map();
  readonly #series = new Map<number, ModelSeries>();

  of(series: number): ModelSeries {
    return this.#series.get(series) ?? NOTHING;
  }

  put(series: number, state: ModelSeries): void {
    this.#series.set(series, state);
  }

  write(batches: readonly ModelBatch[]): WriteResult {
    const counts = { inserted: 0, updated: 0, unchanged: 0 };
    for (const { series, candles, covers, source, replaces } of batches) {
      const before = this.of(series);
      const kept = replaces === 'uncovered' ? before.ledger : [];
      const stored = new Map(before.candles);
      for (const [at, candle] of candles) {
        const old = stored.get(at);
        if (isEqual(old, candle) || isWithin(kept, at)) counts.unchanged += 1;
        else {
          stored.set(at, candle);
          counts[old === undefined ? 'inserted' : 'updated'] += 1;
        }
      }
      let { ledger } = before;
      for (const span of covers.flatMap((one) => without([one], kept))) {
        ledger = withEntry(ledger, { ...span, source, collectedAt: undefined });
      }
      this.put(series, { candles: stored, ledger });
    }
    return counts;
  }

  remove(series: number, span: Span): number {
    const { candles, ledger } = this.of(series);
    const rest = new Map([...candles].filter(([at]) => at < span.from || span.to <= at));
    this.put(series, { candles: rest, ledger: without(ledger, [span]) });
    return candles.size - rest.size;
  }

  cover(series: number, entry: ModelEntry): void {
    const { candles, ledger } = this.of(series);
    this.put(series, { candles, ledger: withEntry(ledger, entry) });
  }

  uncover(series: number, span: Span): void {
    const { candles, ledger } = this.of(series);
    this.put(series, { candles, ledger: without(ledger, [span]) });
  }

  /** The candles of a stretch, ascending. */
  read(
    series: number,
    span: Span,
    limit: number = Number.POSITIVE_INFINITY,
    take: 'first' | 'last' = 'first',
  ): Candle[] {
    const found = this.periods(series, span).map(([, candle]) => candle);
    if (take === 'first') return found.slice(0, limit);
    return found.slice(Math.max(0, found.length - limit));
  }

  periods(series: number, { from, to }: Span): [at: number, Candle][] {
    return [...this.of(series).candles]
      .filter(([at]) => from <= at && at < to)
      .sort(([a], [b]) => a - b);
  }

  /** The periods from the first candle to the last. */
  extent(series: number): Span | undefined {
    const periods = [...this.of(series).candles.keys()];
    if (periods.length === 0) return undefined;
    return { from: Math.min(...periods), to: Math.max(...periods) + 1 };
  }

  covered(series: number, span: Span): ModelEntry[] {
    return this.of(series)
      .ledger.filter(({ from, to }) => from < span.to && span.from < to && span.from < span.to)
      .map((one) => ({
        ...one,
        from: Math.max(one.from, span.from),
        to: Math.min(one.to, span.to),
      }));
  }

  missing(series: number, span: Span): Span[] {
    return span.from < span.to ? without([span], this.of(series).ledger) : [];
  }

  continuity(series: number, span: Span): Omit<ContinuityReport, 'range' | 'missing'> {
    const candles = this.periods(series, span).map(([at]) => at);
    const missing = lengthOf(this.missing(series, span));
    const uncovered = candles.filter((at) => !isWithin(this.of(series).ledger, at)).length;
    const periods = Math.max(0, span.to - span.from);
    return {
      periods,
      candles: candles.length,
      noTradePeriods: periods - missing - (candles.length - uncovered),
      uncoveredCandles: uncovered,
      missingPeriods: missing - uncovered,
    };
  }
}

function isWithin(spans: readonly Span[], at: number): boolean {
  return spans.some(({ from, to }) => from <= at && at < to);
}

/** What is left of spans where others are taken out. */
function without<T extends Span>(spans: readonly T[], holes: readonly Span[]): T[] {
  let rest = [...spans];
  for (const hole of holes.filter(({ from, to }) => from < to)) {
    rest = rest.flatMap((one) => [
      { ...one, to: Math.min(one.to, hole.from) },
      { ...one, from: Math.max(one.from, hole.to) },
    ]);
    rest = rest.filter(({ from, to }) => from < to);
  }
  return rest;
}

/** It replaces what it overlaps; those of its source that it touches become one with it. */
function withEntry(ledger: readonly ModelEntry[], entry: ModelEntry): ModelEntry[] {
  if (entry.from >= entry.to) return [...ledger];
  const joins = (one: ModelEntry): boolean =>
    one.source === entry.source && one.from <= entry.to && entry.from <= one.to;
  const joined = [...ledger.filter(joins), entry];
  const merged = {
    source: entry.source,
    from: Math.min(...joined.map(({ from }) => from)),
    to: Math.max(...joined.map(({ to }) => to)),
    // `undefined` makes NaN.
    collectedAt: Math.max(...joined.map(({ collectedAt }) => collectedAt ?? Number.NaN)),
  };
  const others = without(
    ledger.filter((one) => !joins(one)),
    [entry],
  );
  return [...others, merged].sort((a, b) => a.from - b.from);
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The stretch from the beginning of one to the end of the other. */
export function joinSpans(a: Span | undefined, b: Span | undefined): Span | undefined {
  if (b === undefined || b.from >= b.to) return a;
  if (a === undefined) return b;
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}
