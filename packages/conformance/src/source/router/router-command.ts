import type { SeriesKey } from '@barkeep/core';
import type { MarketEvent } from '@barkeep/source';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../../sample-symbols.ts';
import { sampleBook, sampleTicker, sampleTrade } from './sample-values.ts';

/** Something that happens to a market, to its exchange, or on the way from there: a method of `RouterModelRun`. */
export type RouterCommand =
  | {
      readonly does: 'trade';
      readonly key: SeriesKey;
      readonly price: number;
      /** Whether the message of it arrives later. */
      readonly isLate: boolean;
    }
  | {
      readonly does: 'tell';
      readonly what: 'ticker' | 'book' | 'trades';
      readonly symbol: string;
      readonly numbers: readonly number[];
    }
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'repeat'; readonly choice: number }
  | { readonly does: 'watch' | 'endStream'; readonly key: SeriesKey }
  | { readonly does: 'arrive' | 'cut' | 'notice' | 'connect' | 'close' };

export type CommandTo<Does extends RouterCommand['does']> = RouterCommand & { readonly does: Does };

/** A few in any order, some of them twice, or a long page from either end. */
const numbers = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 5 }) },
  fc.tuple(fc.nat({ max: 90 }), fc.integer({ min: -60, max: 60 })).map(([from, count]) => {
    const page = Array.from({ length: Math.abs(count) + 1 }, (_, i) => from + i);
    return count < 0 ? page.reverse() : page;
  }),
);

/** Sequences about two symbols alike, which begin with a connection. */
export const routerCommands: Arbitrary<readonly RouterCommand[]> = fc
  .constantFrom(...Object.values(SYMBOL_GROUPS))
  .chain((group) => fc.shuffledSubarray([...group], { minLength: 2, maxLength: 2 }))
  .chain((symbols) => {
    const symbol = fc.constantFrom(...symbols);
    const timeframe = fc.constantFrom(...(['1m', '1m', '1m', '5m@90s', '1w'] as const));
    const command = routerCommand(symbol, fc.record({ symbol, timeframe }));
    const beginning: readonly RouterCommand[] = [
      { does: 'pass', ms: 10_000 },
      ...symbols.map((one) => ({ does: 'watch', key: { symbol: one, timeframe: '1m' } }) as const),
      { does: 'connect' },
    ];
    const ending = fc.constantFrom<RouterCommand[]>([], [{ does: 'close' }]);
    return fc
      .tuple(fc.array(command, { minLength: 5, maxLength: 40 }), ending)
      .map(([commands, end]) => [...beginning, ...commands, ...end]);
  });

function routerCommand(
  symbol: Arbitrary<string>,
  key: Arbitrary<SeriesKey>,
): Arbitrary<RouterCommand> {
  const does = <const Does extends string>(...names: Does[]) => fc.constantFrom(...names);
  const what = does('ticker', 'book', 'trades', 'trades');
  const ms = fc.constantFrom(1, 7_000, 20_000, 60_000, 95_000, 300_000);
  const price = fc.integer({ min: 90, max: 110 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ does: does('trade'), key, price, isLate: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ does: does('tell'), what, symbol, numbers }) },
    { weight: 5, arbitrary: fc.record({ does: does('pass'), ms }) },
    { weight: 2, arbitrary: fc.record({ does: does('repeat'), choice: fc.nat({ max: 1_000 }) }) },
    { weight: 2, arbitrary: fc.record({ does: does('watch', 'endStream'), key }) },
    {
      weight: 8,
      arbitrary: fc.record({ does: does('arrive', 'cut', 'cut', 'notice', 'connect') }),
    },
  );
}

/** Tickers and books one after the other, trades as a page. */
export function eventsOf({ what, symbol, numbers: all }: CommandTo<'tell'>): MarketEvent[] {
  if (what === 'trades') return [{ type: what, symbol, trades: all.map((n) => sampleTrade(n)) }];
  return all.slice(0, 5).map((n) => {
    if (what === 'ticker') return { type: what, ticker: sampleTicker(symbol, n) };
    return { type: 'orderBook', book: sampleBook(symbol, n) };
  });
}
