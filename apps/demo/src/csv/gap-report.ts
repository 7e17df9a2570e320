import { type CandleSeries, type Interval, type TimeframeGrid, timeframeGrid } from '@barkeep/core';

const FIRST_GAPS = 5;

/** A stretch without candles. */
export interface Gap extends Interval {
  readonly periods: number;
}

/** What is absent between the first and the last candle of a series, gathered chunk by chunk. */
export class GapReport {
  readonly #first: Gap[] = [];
  #count = 0;
  #missingPeriods = 0;
  #longest: Gap | undefined;
  #expected: number | undefined;

  /** Takes the chunk that follows the last one in time. */
  add(chunk: CandleSeries): void {
    const grid = timeframeGrid(chunk.timeframe);
    for (const timestamp of chunk.timestamp) {
      if (this.#expected !== undefined && timestamp > this.#expected) {
        this.#record(this.#expected, timestamp, grid);
      }
      this.#expected = grid.shift(timestamp);
    }
  }

  /** How many gaps there are. */
  get count(): number {
    return this.#count;
  }

  get missingPeriods(): number {
    return this.#missingPeriods;
  }

  get longest(): Gap | undefined {
    return this.#longest;
  }

  /** The first few gaps. */
  get first(): readonly Gap[] {
    return this.#first;
  }

  #record(from: number, to: number, grid: TimeframeGrid): void {
    const gap = { from, to, periods: grid.indexOf(to) - grid.indexOf(from) };
    this.#count += 1;
    this.#missingPeriods += gap.periods;
    if (this.#longest === undefined || gap.periods > this.#longest.periods) this.#longest = gap;
    if (this.#first.length < FIRST_GAPS) this.#first.push(gap);
  }
}
