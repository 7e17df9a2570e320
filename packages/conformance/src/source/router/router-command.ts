import type { SeriesKey } from '@barkeep/core';
import type { MarketEvent } from '@barkeep/source';
import fc from 'fast-check';
import { ALIKE_SYMBOLS, sampleBook, sampleTicker, sampleTrade } from './sample-values.ts';

interface Trading {
  readonly price: number;
  /** How the message of it travels. */
  readonly travel: 'at-once' | 'late' | 'twice';
}

interface Telling {
  readonly what: 'ticker' | 'book' | 'trades';
  readonly symbol: string;
  readonly numbers: readonly number[];
}

/** Something that happens to a market, to its exchange, or on the way from there: a method of `RouterModelRun`. */
export type RouterCommand =
  | ({ readonly does: 'trade'; readonly key: SeriesKey } & Trading)
  | ({ readonly does: 'tell' } & Telling)
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'arrive' | 'repeat'; readonly choice: number }
  | { readonly does: 'watch' | 'endStream'; readonly key: SeriesKey }
  | { readonly does: 'cut' | 'notice' | 'connect' | 'close' };

/** Sequences about two symbols alike, which begin with a connection. */
export const routerCommands: fc.Arbitrary<RouterCommand[]> = fc
  .constantFrom(...ALIKE_SYMBOLS)
  .chain(([symbol, other]) => {
    const key: SeriesKey = { symbol, timeframe: '1m' };
    const alike: SeriesKey = { ...key, symbol: other };
    const keys = [key, alike, { symbol, timeframe: '5m' }, { symbol, timeframe: '1w' }] as const;
    const command = routerCommand(fc.constantFrom(symbol, other), fc.constantFrom(...keys));
    const ending = fc.constantFrom<RouterCommand[]>([], [{ does: 'close' }]);
    return fc
      .tuple(fc.array(command, { minLength: 5, maxLength: 40 }), ending)
      .map(([commands, end]) => [
        { does: 'pass', ms: 10_000 },
        { does: 'watch', key },
        { does: 'watch', key: alike },
        { does: 'connect' },
        ...commands,
        ...end,
      ]);
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
export function eventsOf({ what, symbol, numbers: all }: Telling): MarketEvent[] {
  if (what === 'trades') return [{ type: what, symbol, trades: all.map((n) => sampleTrade(n)) }];
  return all.slice(0, 5).map((n) => {
    if (what === 'ticker') return { type: what, ticker: sampleTicker(symbol, n) };
    return { type: 'orderBook', book: sampleBook(symbol, n) };
  });
}
