import type { Interval } from '@barkeep/core';
import type { FetchDemand } from './fetch-demand.ts';

/** One request to the coordinator that is under way. */
export class Flight {
  readonly interval: Interval;
  /** Those that want a part of it. When the last of them has left, it is given up. */
  readonly demands: Set<FetchDemand> = new Set();
  /** What the coordinator wants of the service itself, in order to answer it. */
  readonly nested: Set<FetchDemand> = new Set();
  /** The flight in whose slot it runs; `undefined`: it has its own. */
  lender: Flight | undefined;
  /** The nested flight that runs in its slot. */
  borrower: Flight | undefined;
  hasLanded = false;
  readonly #givingUp = new AbortController();
  readonly #nesting = Promise.withResolvers<void>();
  #isNested = false;

  constructor(interval: Interval, lender: Flight | undefined) {
    this.interval = interval;
    this.lender = lender;
  }

  /** Fires when it is given up. */
  get signal(): AbortSignal {
    return this.#givingUp.signal;
  }

  /** Whether another flight waits for it: it must not wait for that one. */
  get isNested(): boolean {
    return this.#isNested;
  }

  /** Resolves when another flight begins to wait for it. */
  get becomesNested(): Promise<void> {
    return this.#nesting.promise;
  }

  /** Whether it cannot land before another one has. */
  waitsFor(other: Flight): boolean {
    if (other === this) return true;
    return [...this.nested].some(({ flights }) => flights.some((one) => one.waitsFor(other)));
  }

  board(demand: FetchDemand): void {
    this.demands.add(demand);
    if (demand.parent === undefined) return;
    this.#isNested = true;
    this.#nesting.resolve();
  }

  leave(demand: FetchDemand): void {
    this.demands.delete(demand);
    if (this.demands.size === 0) this.giveUp();
  }

  giveUp(reason?: unknown): void {
    this.#givingUp.abort(reason);
  }
}
