import type { EpochMs, MonotonicTime } from '@barkeep/core';

/**
 * What the server's clock shows, in the time that passes here. An instant is never taken for later than
 * it is: of an answer the server's time is known, and that it is no older than the question; of news,
 * which may have been long under way, only that the server was that far.
 */
export class ServerTime {
  readonly #time: MonotonicTime;
  /** How far the server's clock is ahead of the time here, at most. */
  #aheadMs = Number.NEGATIVE_INFINITY;

  constructor(time: MonotonicTime) {
    this.#time = time;
  }

  /** The server answered at an instant what was asked at a time. */
  answered(instant: EpochMs, askedAt: number): void {
    this.#aheadMs = instant - askedAt;
  }

  /** The server told something at an instant. */
  told(instant: EpochMs): void {
    this.#aheadMs = Math.max(this.#aheadMs, instant - this.#time.now());
  }

  /** The time here at which the server's clock shows an instant. */
  at(instant: EpochMs): number {
    return instant - this.#aheadMs;
  }
}
