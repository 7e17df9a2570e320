import { type EpochMs, seriesKeyText } from '@barkeep/core';
import type { MarketEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';

/** One value of a message. */
interface Value {
  /** Where it is kept, such as `ticker of KRW-BTC`. */
  readonly place: string;
  /** What it is the state of, within its place: of two states, the one with the later time counts. */
  readonly of: string;
  readonly at: EpochMs;
  /** What its place is sorted by. */
  readonly order: EpochMs;
  readonly value: unknown;
}

/** What came over one connection, and what of it counts. */
export class CameThrough {
  readonly #latest = new Map<string, Map<string, Value>>();

  /** Takes messages; returns those of their values that are new. */
  take(messages: readonly MarketEvent[]): Value[] {
    return messages.flatMap(valuesOf).filter((value) => {
      const values = this.#latest.get(value.place) ?? new Map<string, Value>();
      const before = values.get(value.of);
      if (before === undefined || before.at <= value.at) values.set(value.of, value);
      this.#latest.set(value.place, values);
      return before === undefined || before.at < value.at;
    });
  }

  /** Asserts that a place has the latest that came, and at least some of it. */
  assertKept(place: string, kept: readonly unknown[], fewest: number): void {
    const came = [...(this.#latest.get(place)?.values() ?? [])].sort((a, b) => a.order - b.order);
    const count = Math.max(kept.length, Math.min(fewest, came.length));
    const expected = count === 0 ? [] : came.slice(-count).map(({ value }) => value);
    assertEqual(kept, expected, `the ${place.slice(0, 40)} in memory`);
  }
}

/** Asserts that values are among those of some messages. */
export function assertAmong(values: readonly Value[], messages: MarketEvent[], what: string): void {
  const all = messages.flatMap(valuesOf);
  for (const value of values) {
    const isAmong = all.some((one) => one.of === value.of && isEqual(one, value));
    assertTrue(isAmong, `${value.place.slice(0, 40)}: ${what}`);
  }
}

export function valuesOf(event: MarketEvent): Value[] {
  if (event.type === 'trades') {
    const place = `trades of ${event.symbol}`;
    return event.trades.map((value) => {
      return { place, of: value.id, at: value.timestamp, order: value.timestamp, value };
    });
  }
  if (event.type === 'candle') {
    const { live: value } = event;
    const { timestamp: order } = value.candle;
    const place = `candles of ${seriesKeyText(value.key)}`;
    return [{ place, of: `${order}`, at: value.asOf, order, value }];
  }
  const [name, value] = event.type === 'ticker' ? ['ticker', event.ticker] : ['book', event.book];
  return [{ place: `${name} of ${value.symbol}`, of: '', at: value.timestamp, order: 0, value }];
}
