import type { EpochMs } from '@barkeep/core';
import { type ISmartRouter, validateLastSeen } from '@barkeep/source';
import type { ClockBound } from '../config/refuse-ahead.ts';

/**
 * Up to when everything has surely come through the router's connection: the evidence on which periods
 * are covered. It is what the router calls `lastSeen`; of a router that does not, the arrival of its last
 * ticker, order book, trades or candle. Time alone never moves it.
 */
export class SignOfLife {
  readonly #router: ISmartRouter;
  readonly #bound: ClockBound;
  readonly #onFault: (error: unknown) => void;
  #at: EpochMs = Number.NEGATIVE_INFINITY;
  /** What the router said last: the same again is no news, however much time has passed. */
  #said: EpochMs | undefined;
  #isFaulty = false;
  #isUp = false;
  /** Nothing counts for the moment. */
  isSuspended = false;

  constructor(router: ISmartRouter, bound: ClockBound, onFault: (error: unknown) => void) {
    this.#router = router;
    this.#bound = bound;
    this.#onFault = onFault;
  }

  /** As it was when the router was asked last. */
  get at(): EpochMs {
    return this.#at;
  }

  /** Asks the router, too. */
  look(): EpochMs {
    if (this.#isUp) this.#take(this.#ask());
    return this.#at;
  }

  /** A connection stands. It is a sign of life itself when it `isNew`. */
  begin(isNew: boolean): void {
    this.#isUp = true;
    this.#said = undefined;
    if (isNew) this.#note(this.#bound.clock.now());
  }

  /** A ticker, an order book, trades or a candle came. */
  heard(): void {
    if (!this.#isUp) return;
    const said = this.#ask();
    if (said === undefined && !this.#isFaulty) this.#note(this.#bound.clock.now());
    this.#take(said);
  }

  /** Nothing can come any more, or is listened to. */
  end(): void {
    this.#isUp = false;
  }

  /** The clock was set: nothing has surely come through beyond now. */
  clockWasSet(): void {
    this.#at = Math.min(this.#at, this.#bound.clock.now());
  }

  #take(said: EpochMs | undefined): void {
    if (said === undefined || said === this.#said) return;
    this.#said = said;
    this.#note(said);
  }

  #note(at: EpochMs): void {
    if (!this.isSuspended) this.#at = Math.max(this.#at, Math.min(at, this.#bound.clock.now()));
  }

  #ask(): EpochMs | undefined {
    const { clock, maxAheadMs } = this.#bound;
    try {
      const { lastSeen } = this.#router;
      validateLastSeen(lastSeen, { now: clock.now(), maxAheadMs });
      this.#isFaulty = false;
      return lastSeen;
    } catch (error) {
      if (!this.#isFaulty) this.#onFault(error);
      this.#isFaulty = true;
      return undefined;
    }
  }
}
