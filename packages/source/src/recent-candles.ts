import type { LiveCandle } from './router-event.ts';

/** The latest candles of one series, in ascending order, each in its latest state. */
export class RecentCandles {
  readonly #maxCandles: number;
  readonly #candles: LiveCandle[] = [];
  #list: readonly LiveCandle[] | undefined;

  constructor(maxCandles: number) {
    this.#maxCandles = maxCandles;
  }

  /** A snapshot that does not change later. */
  get list(): readonly LiveCandle[] {
    this.#list ??= Object.freeze([...this.#candles]);
    return this.#list;
  }

  /** Adds a state of a candle. Ignored if older than the known state of that candle. */
  add(live: LiveCandle): void {
    const { timestamp } = live.candle;
    const at = this.#placeOf(timestamp);
    const before = this.#candles[at - 1];
    const isKnown = before?.candle.timestamp === timestamp;
    if (isKnown && before.asOf > live.asOf) return;
    this.#candles.splice(isKnown ? at - 1 : at, isKnown ? 1 : 0, live);
    this.#list = undefined;
    if (this.#candles.length > this.#maxCandles) this.#candles.shift();
  }

  /**
   * The index after the last candle that is not later. Searches backwards, as most updates are
   * recent.
   */
  #placeOf(timestamp: number): number {
    return 1 + this.#candles.findLastIndex(({ candle }) => candle.timestamp <= timestamp);
  }
}
