import { type Clock, delay, type EpochMs, nextTurn } from '@barkeep/core';
import type { ExchangeRouter } from './exchange/exchange-router.ts';
import { LONGEST_DELAY_MS } from './exchange/exchange-stream.ts';

const STEP_MS = 250;

/** A period is over when the exchange's clock says so and its last messages have had time to come. */
export const GRACE_MS = LONGEST_DELAY_MS + 2 * STEP_MS;

/** A clock that is moved by hand. */
interface MovableClock {
  advanceTo(instant: EpochMs): void;
}

/** Has the router take what comes, as time goes by. */
export class LiveFeed {
  readonly #router: ExchangeRouter;
  readonly #clock: Clock;

  /** The clock is the exchange's. */
  constructor(router: ExchangeRouter, clock: Clock) {
    this.#router = router;
    this.#clock = clock;
  }

  /**
   * Steps a few times a second until the signal fires, and then closes the router: what it has promised
   * holds up to its last step. Fails when the router does.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#router.step();
      await delay(this.#clock, STEP_MS, signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
    }
    this.#router.step();
    this.#router.close();
  }

  /** Lives through the time until an instant at once. The clock is the one of the exchange. */
  async replay(clock: MovableClock, until: EpochMs): Promise<void> {
    for (let now = this.#clock.now(); now < until; ) {
      now = Math.min(now + STEP_MS, until);
      clock.advanceTo(now);
      this.#router.step();
      await nextTurn();
    }
  }
}
