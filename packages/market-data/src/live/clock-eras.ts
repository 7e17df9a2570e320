import type { EpochMs, TimeJump } from '@barkeep/core';

/** A time in which the clock was not set, by that clock. */
export interface ClockEra {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** By how much it may have been ahead. */
  readonly aheadMs: number;
}

interface PastEra {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** The sum of all jumps before it. */
  readonly jumpedMs: number;
}

/** Earlier ones are taken for right. */
const MAX_ERAS = 16;

/**
 * The times between jumps of the clock. One that is set back was ahead, and it may have been ahead before
 * it jumped forward, too: whether it was set then, or the process slept, nobody knows.
 */
export class ClockEras {
  #past: readonly PastEra[] = [];
  #from: EpochMs;
  #jumpedMs = 0;

  constructor(now: EpochMs) {
    this.#from = now;
  }

  /** Ends the present era. Returns, the latest last, those that were ahead, as a jump back shows. */
  end({ byMs, before, after }: TimeJump): readonly ClockEra[] {
    const present = { from: this.#from, to: before, jumpedMs: this.#jumpedMs };
    const eras = [...this.#past, present];
    this.#from = after;
    this.#jumpedMs += byMs;
    this.#past = byMs < 0 ? [] : eras.slice(-MAX_ERAS);
    if (byMs >= 0) return [];
    return eras.map(({ from, to, jumpedMs }) => {
      return { from, to, aheadMs: Math.max(-byMs, jumpedMs - this.#jumpedMs) };
    });
  }
}
