import {
  BarkeepError,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsOverlap,
  subtractIntervals,
  type TimeframeGrid,
} from '@barkeep/core';
import { type FetchOutcome, failedOutcome } from './fetch-outcome.ts';
import type { Flight } from './flight.ts';
import { periodChunks } from './period-chunks.ts';
import { SharedWork } from './shared-work.ts';

export interface FetchDemandOptions {
  /** The text of the series' key. */
  readonly series: string;
  readonly wanted: IntervalSet;
  /** The flight whose coordinator wants it; `undefined`: somebody outside. */
  readonly parent: Flight | undefined;
  readonly maxRequests: number;
  /** Called when it waits for something else than before. */
  readonly onChange: (demand: FetchDemand) => void;
}

/** What a read wants of a series: requests are cut from it as its turns come. */
export class FetchDemand {
  readonly series: string;
  readonly parent: Flight | undefined;
  /** Of all who want the same. */
  readonly work: SharedWork<FetchOutcome[]>;
  readonly #onChange: (demand: FetchDemand) => void;
  #remaining: IntervalSet;
  #requestsLeft: number;
  readonly #flights = new Set<Flight>();
  readonly #outcomes: FetchOutcome[] = [];
  readonly #done = Promise.withResolvers<FetchOutcome[]>();

  constructor({ series, wanted, parent, maxRequests, onChange }: FetchDemandOptions) {
    this.series = series;
    this.parent = parent;
    this.#onChange = onChange;
    this.#remaining = wanted;
    this.#requestsLeft = maxRequests;
    this.work = new SharedWork((abandoned) => {
      abandoned.addEventListener('abort', () => this.#leave(), { once: true });
      return this.#done.promise;
    });
  }

  /** What no request was made for yet. */
  get remaining(): IntervalSet {
    return this.#remaining;
  }

  get flights(): readonly Flight[] {
    return [...this.#flights];
  }

  /** Whether it wants just this, has got nothing of it so far, and is wanted by the same caller. */
  isFor(wanted: IntervalSet, parent: Flight | undefined): boolean {
    return (
      parent === this.parent &&
      this.#flights.size + this.#outcomes.length === 0 &&
      this.#remaining.length === wanted.length &&
      wanted.every(({ from, to }, i) => {
        const one = this.#remaining[i];
        return one?.from === from && one.to === to;
      })
    );
  }

  /** Whether it needs another turn. */
  get isWaiting(): boolean {
    return this.#remaining.length > 0;
  }

  get isDone(): boolean {
    return !this.isWaiting && this.#flights.size === 0;
  }

  /**
   * The stretch of its next request: the newest, but what has failed before comes last, so that it does
   * not keep the rest from being fetched for ever.
   */
  nextStretch(
    periods: number,
    grid: TimeframeGrid,
    failedBefore: IntervalSet,
  ): Interval | undefined {
    const untried = subtractIntervals(this.#remaining, failedBefore);
    return periodChunks(untried.length > 0 ? untried : this.#remaining, periods, grid, 1)[0];
  }

  /** Takes note of a request made on its behalf. Returns whether it may have another. */
  countRequest(): boolean {
    this.#requestsLeft -= 1;
    return this.#requestsLeft > 0;
  }

  /** Waits for a flight, where that brings a part of what it wants. */
  join(flight: Flight): void {
    if (!this.#remaining.some((one) => intervalsOverlap(one, flight.interval))) return;
    if (this.parent !== undefined && flight.waitsFor(this.parent)) {
      this.#give(intersectIntervals(this.#remaining, [flight.interval]), waitsForItself());
    } else {
      this.#remaining = subtractIntervals(this.#remaining, [flight.interval]);
      this.#flights.add(flight);
      flight.board(this);
    }
    this.#changed();
  }

  /** A failure ends it: no more requests are made for it. */
  landed(flight: Flight, outcome: FetchOutcome): void {
    this.#flights.delete(flight);
    this.#outcomes.push(outcome);
    if (outcome.failure !== undefined) this.#give(this.#remaining, outcome.failure.error);
    this.#changed();
  }

  /** Makes an end of what no request was made for. */
  refuse(error: BarkeepError): void {
    this.#give(this.#remaining, error);
    this.#changed();
  }

  #give(intervals: IntervalSet, error: BarkeepError): void {
    this.#remaining = subtractIntervals(this.#remaining, intervals);
    this.#outcomes.push(...intervals.map((interval) => failedOutcome(interval, error, 0)));
  }

  #leave(): void {
    this.#remaining = [];
    for (const flight of this.#flights) flight.leave(this);
    this.#flights.clear();
    this.#changed();
  }

  #changed(): void {
    if (this.isDone) this.#done.resolve(this.#outcomes);
    this.#onChange(this);
  }
}

function waitsForItself(): BarkeepError {
  return new BarkeepError(
    'SOURCE_FAILED',
    'the coordinator reads from the service what the service is asking it for',
  );
}
