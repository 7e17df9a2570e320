import {
  type Clock,
  type EpochMs,
  type MonotonicTime,
  monotonicTime,
  type TimeJump,
} from '@barkeep/core';

/** A clock that jumped ahead is believed after this long: somebody would have set it right. */
const DOUBT_MS = 86_400_000;

interface NotedJump extends Pick<TimeJump, 'byMs'> {
  /** In monotonic time. */
  readonly at: number;
}

/** The clock without what it has jumped ahead within the last day. */
export class BelievedClock {
  readonly #clock: Clock;
  readonly #time: MonotonicTime;
  #jumps: readonly NotedJump[] = [];

  constructor(clock: Clock, closing: AbortSignal) {
    this.#clock = clock;
    this.#time = monotonicTime(clock);
    const stop = this.#time.onJump(({ byMs }) => {
      this.#jumps = [...this.#recent(), { byMs, at: this.#time.now() }];
    });
    closing.addEventListener('abort', stop, { once: true });
  }

  now(): EpochMs {
    const ahead = this.#recent().reduce((sum, { byMs }) => sum + byMs, 0);
    return this.#clock.now() - Math.max(0, ahead);
  }

  #recent(): readonly NotedJump[] {
    const since = this.#time.now() - DOUBT_MS;
    this.#jumps = this.#jumps.filter(({ at }) => at > since);
    return this.#jumps;
  }
}
