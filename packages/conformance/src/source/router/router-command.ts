import type { SeriesKey } from '@barkeep/core';
import type { MarketEvent } from '@barkeep/source';
import fc from 'fast-check';
import { ALIKE_SYMBOLS, sampleBook, sampleTicker, sampleTrade } from './sample-values.ts';

/** How a message of the exchange travels. */
export type Travel = 'at-once' | 'late' | 'twice';

/** Something that happens to a market, to its exchange, or on the way from there: a method of `RouterModelRun`. */
export type RouterCommand =
  | {
      readonly does: 'trade';
      readonly key: SeriesKey;
      readonly price: number;
      readonly travel: Travel;
    }
  | {
      readonly does: 'tell';
      readonly what: 'ticker' | 'book' | 'trades';
      readonly symbol: string;
      readonly numbers: readonly number[];
    }
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'arrive' | 'repeat'; readonly choice: number }
  | { readonly does: 'watch' | 'endStream'; readonly key: SeriesKey }
  | { readonly does: 'cut' | 'notice' | 'connect' | 'close' };

/** Sequences about two symbols alike, which begin with a connection. */
export const routerCommands: fc.Arbitrary<RouterCommand[]> = fc
  .constantFrom(...ALIKE_SYMBOLS)
  .chain(([symbol, other]) => {
    const key: SeriesKey = { symbol, timeframe: '1m' };
    const keys = [
      key,
      { symbol, timeframe: '5m' },
      { symbol, timeframe: '1w' },
      { ...key, symbol: other },
    ] as const;
    const beginning = [
      { does: 'pass', ms: 10_000 },
      { does: 'watch', key },
      { does: 'watch', key: { ...key, symbol: other } },
      { does: 'connect' },
    ] as const;
    const command = routerCommand(fc.constantFrom(symbol, other), fc.constantFrom(...keys));
    return fc
      .array(command, { minLength: 5, maxLength: 40 })
      .map((rest) => [...beginning, ...rest]);
  });

function routerCommand(
  symbol: fc.Arbitrary<string>,
  key: fc.Arbitrary<SeriesKey>,
): fc.Arbitrary<RouterCommand> {
  const does = <const Does extends string>(...names: Does[]) => fc.constantFrom(...names);
  const choice = fc.nat({ max: 1_000 });
  const travel = does('at-once', 'late', 'twice');
  const what = does('ticker', 'book', 'trades', 'trades');
  const ms = fc.constantFrom(1, 7_000, 20_000, 60_000, 95_000, 300_000);
  const price = fc.integer({ min: 90, max: 110 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ does: does('trade'), key, price, travel }) },
    { weight: 4, arbitrary: fc.record({ does: does('tell'), what, symbol, numbers }) },
    { weight: 5, arbitrary: fc.record({ does: does('pass'), ms }) },
    { weight: 4, arbitrary: fc.record({ does: does('arrive', 'repeat'), choice }) },
    { weight: 2, arbitrary: fc.record({ does: does('watch', 'endStream'), key }) },
    { weight: 6, arbitrary: fc.record({ does: does('cut', 'cut', 'notice', 'connect') }) },
    { weight: 1, arbitrary: fc.record({ does: does('close') }) },
  );
}

/** A few in any order, some of them twice, or a long page from either end. */
const numbers: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 5 }) },
  fc.tuple(fc.nat({ max: 90 }), fc.integer({ min: -60, max: 60 })).map(([from, count]) => {
    const page = Array.from({ length: Math.abs(count) + 1 }, (_, i) => from + i);
    return count < 0 ? page.reverse() : page;
  }),
);

/** What a command tells: of tickers and books one after the other, of trades a page. */
export function eventsOf({
  what,
  symbol,
  numbers: all,
}: RouterCommand & { readonly does: 'tell' }): MarketEvent[] {
  if (what === 'trades')
    return [{ type: 'trades', symbol, trades: all.map((n) => sampleTrade(n)) }];
  if (what === 'ticker')
    return all.map((n) => ({ type: 'ticker', ticker: sampleTicker(symbol, n) }));
  return all.slice(0, 3).map((n) => ({ type: 'orderBook', book: sampleBook(symbol, n) }));
}
