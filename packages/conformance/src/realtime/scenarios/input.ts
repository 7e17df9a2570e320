import { identifyTrades, type Ticker, type TradeInput } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent } from '@barkeep/realtime';
import { assertEqual, assertRejects, assertThrows } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { PARTS, stateOf } from '../realtime-state.ts';
import { OTHER, START, SYMBOL, sampleBook, sampleTicker, sampleTrade } from '../sample-market.ts';

const NO_CURSORS = ['', 'nonsense', '1', '-1', 'null', '0'.repeat(300), 0, null];

/**
 * The field that an error names, and a bad call: one or two of each method. The abstract base refuses
 * them, and its tests have them all: these are for adapters that go around it.
 */
const BAD_CALLS: readonly (readonly [string, (realtime: IRealtimeCache) => Promise<unknown>])[] = [
  ['price', ({ tickers }) => tickers.set({ ...sampleTicker(9), price: Number.NaN })],
  ['price', ({ tickers }) => tickers.set({ symbol: SYMBOL, timestamp: START + 9, volume: 1 })],
  ['timestamp', ({ tickers }) => tickers.set({ ...sampleTicker(), timestamp: START / 1_000 })],
  ['symbol', ({ tickers }) => tickers.get('')],
  ['symbol', ({ tickers }) => tickers.getMany([SYMBOL, '\ud800'])],
  ['symbol', ({ tickers }) => tickers.delete('x'.repeat(513))],
  ['bids.price', ({ orderBooks }) => orderBooks.set(bookWith(sampleBook(9).bids.toReversed()))],
  ['bids.size', ({ orderBooks }) => orderBooks.set(bookWith([{ price: 1, size: Number.NaN }]))],
  ['depth', ({ orderBooks }) => orderBooks.get(SYMBOL, { depth: -1 })],
  ['depth', ({ orderBooks }) => orderBooks.getMany([SYMBOL], { depth: 1.5 })],
  ['symbol', ({ orderBooks }) => orderBooks.delete('A\0B')],
  ['size', ({ trades }) => trades.append(SYMBOL, [sampleTrade(8), sampleTrade(9, { size: -1 })])],
  ['id', ({ trades }) => trades.append(OTHER, [sampleTrade(8), sampleTrade(9, { id: '' })])],
  ['limit', ({ trades }) => trades.recent(SYMBOL, { limit: -1 })],
  ['since', ({ trades }) => trades.recent(SYMBOL, { since: START / 1_000 })],
  ['options', ({ trades }) => trades.recent(SYMBOL, { from: START } as object)],
  ['symbol', ({ trades }) => trades.delete('')],
  ...NO_CURSORS.map(
    (after) =>
      [
        'after',
        ({ trades }: IRealtimeCache) => trades.replay(SYMBOL, { after: after as string }),
      ] as const,
  ),
];

const BAD_SELECTORS = [
  ['selector', null],
  ['selector', { symbol: SYMBOL }],
  ['types', { types: ['candles'] }],
  ['symbol', { symbols: [''] }],
] as const;

export const inputScenarios: readonly RealtimeScenario[] = [
  scenario(
    'input/calls',
    'bad input is refused by field, and nothing of it is stored or told of',
    async (realtime) => {
      for (const { write } of PARTS) await write(realtime, 0);
      const before = await stateOf(realtime);
      const events: RealtimeEvent[] = [];
      realtime.subscribe({ symbols: [SYMBOL, OTHER] }, (event) => events.push(event));
      for (const [field, call] of BAD_CALLS) {
        await assertRejects(() => call(realtime), 'INVALID_INPUT', `a bad ${field}`, { field });
      }
      for (const [field, selector] of BAD_SELECTORS) {
        const subscribe = () => realtime.subscribe(selector as object, () => undefined);
        assertThrows(subscribe, 'INVALID_INPUT', `a bad ${field}`, { field });
      }
      assertEqual(await stateOf(realtime), before, 'what is stored after the refusals');
      const { tickers, orderBooks, trades } = await realtime.stats();
      const counts = { tickers, orderBooks, trades };
      assertEqual(counts, { tickers: 1, orderBooks: 1, trades: 1 }, 'how much that is');
      assertEqual(events, [], 'the events');
    },
  ),
  scenario(
    'input/partial',
    'what a ticker or a trade does not say is absent, and a trade without an id gets the same one again',
    async ({ tickers, trades }) => {
      const quote: Ticker = { symbol: SYMBOL, timestamp: START, bid: -37.63, ask: 0 };
      await tickers.set(quote);
      assertEqual(await tickers.get(SYMBOL), quote, 'a ticker with bid and ask only');
      assertEqual(fieldsOf(await tickers.get(SYMBOL)), fieldsOf(quote), 'its fields');
      const bare: TradeInput = { timestamp: START, price: -37.63, size: 0 };
      const delivery = [bare, { ...bare, price: 0, side: 'sell' as const }, bare];
      const results = [
        await trades.append(SYMBOL, delivery),
        await trades.append(SYMBOL, delivery.toReversed()),
        await trades.append(SYMBOL, [bare]),
        await trades.append(SYMBOL, [bare, bare, bare]),
      ];
      const counts = results.map(({ added, duplicates }) => [added, duplicates]);
      const expected = [
        [3, 0],
        [0, 3],
        [0, 1],
        [1, 2],
      ];
      assertEqual(counts, expected, 'added trades and duplicates of each delivery');
      const found = await trades.recent(SYMBOL);
      const stored = identifyTrades([...delivery, bare]);
      assertEqual(found, stored, 'the trades with the ids that were made');
      assertEqual(found.map(fieldsOf), stored.map(fieldsOf), 'their fields');
    },
  ),
];

/** Also those that are `undefined`, which other comparisons take for absent. */
function fieldsOf(value: object | undefined): string[] {
  return Object.keys(value ?? {}).sort();
}

function bookWith(bids: ReturnType<typeof sampleBook>['bids']) {
  return { ...sampleBook(9), bids };
}
