import { type EpochMs, ManualClock, RepeatingTask, systemClock } from '@barkeep/core';

/** How exact the timers of a released clock are. */
const TICK_MS = 20;

/**
 * A clock that starts in the past and is moved towards the present by hand, with its timers, so that
 * minutes of live data pass in an instant; once released, it goes with the machine's.
 */
export class ReplayClock extends ManualClock {
  readonly #ticks = new RepeatingTask(systemClock, TICK_MS, () => this.#follow());

  /** Never back. */
  override advanceTo(instant: EpochMs): void {
    super.advanceTo(Math.max(this.now(), instant));
  }

  /** From now on it runs by itself. */
  release(): void {
    this.#follow();
    this.#ticks.start();
  }

  #follow(): void {
    this.advanceTo(systemClock.now());
  }
}
