import { type EpochMs, identifyTrades, type SeriesKey, seriesKeyText } from '@barkeep/core';
import type { MarketEvent } from '@barkeep/source';

/** One value of a message. */
export interface Value {
  /** Where it is kept, such as `ticker of KRW-BTC`. */
  readonly place: string;
  /** What it is the state of, within its place: of candles the beginning of the period. */
  readonly of: EpochMs | string;
  readonly at: EpochMs;
  readonly value: unknown;
}

/** Of two states of one thing, the one with the later time counts; of one time, the one that came later. */
export class LatestValues {
  readonly #places = new Map<string, Map<Value['of'], Value>>();

  take(values: readonly Value[]): void {
    for (const value of values) {
      const states = this.#places.get(value.place) ?? new Map<Value['of'], Value>();
      const { at } = states.get(value.of) ?? value;
      if (at <= value.at) states.set(value.of, value);
      this.#places.set(value.place, states);
    }
  }

  /** The value that counts. */
  get({ place, of }: Pick<Value, 'place' | 'of'>): unknown {
    return this.#places.get(place)?.get(of)?.value;
  }

  /** The values of a place, ascending. */
  all(place: string): Value[] {
    const values = [...(this.#places.get(place)?.values() ?? [])];
    const order = ({ of, at }: Value) => (typeof of === 'number' ? of : at);
    return values.sort((a, b) => order(a) - order(b));
  }
}

export function candlesOf(key: SeriesKey): string {
  return `candles of ${seriesKeyText(key)}`;
}

export function valuesOf(event: MarketEvent): Value[] {
  if (event.type === 'trades') {
    const place = `trades of ${event.symbol}`;
    const trades = identifyTrades(event.trades);
    return trades.map((value) => ({ place, of: value.id, at: value.timestamp, value }));
  }
  if (event.type === 'candle') {
    const { key, candle, asOf: at } = event.live;
    return [{ place: candlesOf(key), of: candle.timestamp, at, value: event.live }];
  }
  const [name, value] = event.type === 'ticker' ? ['ticker', event.ticker] : ['book', event.book];
  return [{ place: `${name} of ${value.symbol}`, of: '', at: value.timestamp, value }];
}
