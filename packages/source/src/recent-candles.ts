import type { LiveCandle } from './router-event.ts';

/** The latest candles of one series, ascending by timestamp, each with the latest of its states. */
export class RecentCandles {
  readonly #maxCandles: number;
  readonly #candles: LiveCandle[] = [];
  #list: readonly LiveCandle[] | undefined;

  constructor(maxCandles: number) {
    this.#maxCandles = maxCandles;
  }

  /** A list that does not change later. */
  get list(): readonly LiveCandle[] {
    this.#list ??= Object.freeze([...this.#candles]);
    return this.#list;
  }

  /** Takes a state; one that is older than the known state of its candle changes nothing. */
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

  /** Behind the last candle that is not later. Nearly every state is of the latest candles. */
  #placeOf(timestamp: number): number {
    return 1 + this.#candles.findLastIndex(({ candle }) => candle.timestamp <= timestamp);
  }
}
