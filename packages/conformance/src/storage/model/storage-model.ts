import type { Candle, Interval, SeriesKey, TimeframeGrid } from '@barkeep/core';
import { seriesKeyText, timeframeGrid } from '@barkeep/core';
import type { CandleQuery, ContinuityReport, SeriesInfo, WriteResult } from '@barkeep/storage';
import { isEqual } from '../../is-equal.ts';

/** A batch of a model run: as the contract's, with the coverage of whole periods in one interval. */
export interface ModelBatch {
  readonly key: SeriesKey;
  readonly candles: readonly Candle[];
  readonly covers: Interval | undefined;
  readonly source: string;
  readonly replaces: 'all' | 'uncovered' | undefined;
}

interface ModelSeries {
  readonly candles: Map<number, Candle>;
  /** The source of each covered period, by the period's start. */
  readonly covered: Map<number, string>;
}

/**
 * What a storage must do, in the plainest way: a map of candles, and a map of covered periods in
 * place of a ledger of intervals. It shares no code with the contract's abstract base.
 */
export class StorageModel {
  readonly documents: Map<string, number> = new Map();
  readonly #series = new Map<string, ModelSeries>();

  write(batches: readonly ModelBatch[]): WriteResult {
    const counts = { inserted: 0, updated: 0, unchanged: 0 };
    for (const { key, candles, covers, source, replaces } of batches) {
      const { candles: stored, covered } = this.#get(key);
      const kept = new Map(replaces === 'uncovered' ? covered : []);
      for (const candle of new Map(candles.map((it) => [it.timestamp, it])).values()) {
        const before = kept.has(candle.timestamp) ? candle : stored.get(candle.timestamp);
        if (before === undefined) counts.inserted += 1;
        else if (isEqual(before, candle)) counts.unchanged += 1;
        else counts.updated += 1;
        if (!kept.has(candle.timestamp)) stored.set(candle.timestamp, candle);
      }
      if (covers !== undefined) this.cover(key, covers, source);
      for (const [start, earlier] of kept) covered.set(start, earlier);
    }
    return counts;
  }

  read({ symbol, timeframe, from, to, limit, take }: CandleQuery): Candle[] {
    const all = [...this.#get({ symbol, timeframe }).candles.values()]
      .filter(({ timestamp }) => timestamp >= (from ?? Number.NEGATIVE_INFINITY))
      .filter(({ timestamp }) => timestamp < (to ?? Number.POSITIVE_INFINITY))
      .sort((a, b) => a.timestamp - b.timestamp);
    if (limit === undefined || limit >= all.length) return all;
    const first = (take ?? (from === undefined ? 'last' : 'first')) === 'first';
    return first ? all.slice(0, limit) : all.slice(all.length - limit);
  }

  remove(key: SeriesKey, range: Interval | undefined): number {
    const { candles, covered } = this.#get(key);
    const inside = (at: number): boolean =>
      range === undefined || (range.from <= at && at < range.to);
    const removed = [...candles.keys()].filter(inside);
    for (const at of removed) candles.delete(at);
    for (const at of [...covered.keys()].filter(inside)) covered.delete(at);
    return removed.length;
  }

  list(key: SeriesKey): SeriesInfo[] {
    const timestamps = this.read({ ...key }).map(({ timestamp }) => timestamp);
    const [first] = timestamps;
    if (first === undefined) return [];
    return [{ ...key, count: timestamps.length, first, last: timestamps.at(-1) ?? first }];
  }

  extent(key: SeriesKey): Interval | undefined {
    const [series] = this.list(key);
    return series && { from: series.first, to: timeframeGrid(key.timeframe).shift(series.last) };
  }

  cover(key: SeriesKey, { from, to }: Interval, source: string): void {
    const grid = timeframeGrid(key.timeframe);
    for (const start of periods(grid, from, to)) {
      if (from <= start && grid.shift(start) <= to) this.#get(key).covered.set(start, source);
    }
  }

  uncover(key: SeriesKey, range: Interval | undefined): void {
    const { covered } = this.#get(key);
    const grid = timeframeGrid(key.timeframe);
    const touched = range === undefined ? covered.keys() : periods(grid, range.from, range.to);
    for (const start of [...touched]) covered.delete(start);
  }

  /** The ledger: runs of periods of one source. */
  coverage(key: SeriesKey): (Interval & { readonly source: string })[] {
    const grid = timeframeGrid(key.timeframe);
    const runs: { from: number; to: number; source: string }[] = [];
    for (const [from, source] of [...this.#get(key).covered].sort(([a], [b]) => a - b)) {
      const run = runs.at(-1);
      if (run?.to === from && run.source === source) run.to = grid.shift(from);
      else runs.push({ from, to: grid.shift(from), source });
    }
    return runs;
  }

  missing(key: SeriesKey, { from, to }: Interval): Interval[] {
    const { covered } = this.#get(key);
    const grid = timeframeGrid(key.timeframe);
    const holes: { from: number; to: number }[] = [];
    for (const start of periods(grid, from, to)) {
      if (covered.has(start)) continue;
      const hole = holes.at(-1);
      if (hole?.to === start) hole.to = grid.shift(start);
      else holes.push({ from: start, to: grid.shift(start) });
    }
    return holes;
  }

  /** The counts of a continuity report. */
  continuity(key: SeriesKey, { from, to }: Interval): Omit<ContinuityReport, 'range' | 'missing'> {
    const { candles, covered } = this.#get(key);
    const all = [...periods(timeframeGrid(key.timeframe), from, to)];
    const count = (has: (start: number) => boolean): number => all.filter(has).length;
    return {
      periods: all.length,
      candles: count((at) => candles.has(at)),
      noTradePeriods: count((at) => covered.has(at) && !candles.has(at)),
      uncoveredCandles: count((at) => !covered.has(at) && candles.has(at)),
      missingPeriods: count((at) => !covered.has(at) && !candles.has(at)),
    };
  }

  #get(key: SeriesKey): ModelSeries {
    const text = seriesKeyText(key);
    const known = this.#series.get(text);
    if (known !== undefined) return known;
    const added = { candles: new Map(), covered: new Map() };
    this.#series.set(text, added);
    return added;
  }
}

/** The starts of the periods that a stretch touches. */
function* periods(grid: TimeframeGrid, from: number, to: number): Generator<number, void, void> {
  if (from >= to) return;
  for (let start = grid.floor(from); start < to; start = grid.shift(start)) yield start;
}
