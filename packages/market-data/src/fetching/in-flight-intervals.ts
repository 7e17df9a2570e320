import {
  type Interval,
  type IntervalSet,
  intervalsOverlap,
  normalizeIntervals,
  subtractIntervals,
} from '@barkeep/core';
import { SharedWork } from './shared-work.ts';

interface Flight<T> {
  readonly interval: Interval;
  readonly work: SharedWork<T>;
}

/** The stretches of one series that are being fetched, so that no period is fetched twice at a time. */
export class InFlightIntervals<T> {
  readonly #flights = new Set<Flight<T>>();

  get intervals(): Interval[] {
    return normalizeIntervals(this.#live().map(({ interval }) => interval));
  }

  get size(): number {
    return this.#flights.size;
  }

  /** The work under way that overlaps the wanted stretches, and what of them it leaves over. */
  claim(wanted: IntervalSet): { readonly joined: SharedWork<T>[]; readonly rest: IntervalSet } {
    const joined = this.#live().filter(({ interval }) =>
      wanted.some((one) => intervalsOverlap(one, interval)),
    );
    const taken = normalizeIntervals(joined.map(({ interval }) => interval));
    return { joined: joined.map(({ work }) => work), rest: subtractIntervals(wanted, taken) };
  }

  /** Starts work on a stretch; it counts as in flight until it has settled. */
  start(interval: Interval, work: (signal: AbortSignal) => Promise<T>): SharedWork<T> {
    const flight = { interval, work: new SharedWork(work) };
    this.#flights.add(flight);
    const land = (): void => void this.#flights.delete(flight);
    flight.work.outcome.then(land, land);
    return flight.work;
  }

  #live(): Flight<T>[] {
    return [...this.#flights].filter(({ work }) => !work.abandoned);
  }
}
