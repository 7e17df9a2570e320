import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent } from '@barkeep/realtime';
import { assertEqual, assertRejects, assertThrows } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { assertEmpty } from '../realtime-state.ts';
import {
  OTHER,
  START,
  SYMBOL,
  sampleBook,
  sampleTicker,
  sampleTrade,
  sampleTrades,
} from '../sample-market.ts';

type BadCall = (realtime: IRealtimeCache) => Promise<unknown>;

/**
 * Of each method a bad call or two, and the field its error names. The abstract base refuses them, and
 * its tests have them all: these are for adapters that go around it.
 */
const BAD_CALLS: Readonly<Record<string, readonly [field: string, call: BadCall][]>> = {
  tickers: [
    ['price', settingTicker({ price: Number.NaN })],
    ['bid', settingTicker({ bid: -0 })],
    ['volume', settingTicker({ volume: -1 })],
    ['timestamp', settingTicker({ timestamp: START / 1_000 })],
    ['symbol', ({ tickers }) => tickers.get('')],
    ['symbol', ({ tickers }) => tickers.getMany([SYMBOL, '\ud800'])],
    ['symbol', ({ tickers }) => tickers.delete('x'.repeat(513))],
  ],
  orderBooks: [
    ['timestamp', settingBook({ timestamp: -1 })],
    ['bids.price', settingBook({ bids: sampleBook().bids.toReversed() })],
    ['asks.size', settingBook({ asks: [{ price: 1, size: Number.NaN }] })],
    ['depth', ({ orderBooks }) => orderBooks.get(SYMBOL, { depth: -1 })],
    ['depth', ({ orderBooks }) => orderBooks.getMany([SYMBOL], { depth: 1.5 })],
    ['symbol', ({ orderBooks }) => orderBooks.delete('A\0B')],
  ],
  trades: [
    ['size', appending({ size: -1 })],
    ['side', appending({ side: 'BUY' as 'buy' })],
    ['id', appending({ id: '' })],
    ['timestamp', appending({ timestamp: START * 1_000 })],
    ['symbol', ({ trades }) => trades.append('', sampleTrades(0, 2))],
    ['limit', ({ trades }) => trades.recent(SYMBOL, { limit: -1 })],
    ['since', ({ trades }) => trades.recent(SYMBOL, { since: START / 1_000 })],
    ['options', ({ trades }) => trades.recent(SYMBOL, { from: START } as object)],
    ['symbol', ({ trades }) => trades.delete('')],
  ],
  cursors: ['', 'nonsense', '1', '-1', 'null', '0'.repeat(300), 0, null].map((after) => [
    'after',
    ({ trades }) => trades.replay(SYMBOL, { after: after as string }),
  ]),
};

export const inputScenarios: readonly RealtimeScenario[] = [
  ...Object.entries(BAD_CALLS).map(([name, calls]) =>
    scenario(
      `input/${name}`,
      `bad ${name} are refused by field, and nothing of them is stored or told of`,
      async (realtime) => {
        const events: RealtimeEvent[] = [];
        realtime.subscribe({ symbols: [SYMBOL, OTHER] }, (event) => events.push(event));
        for (const [field, call] of calls) {
          await assertRejects(() => call(realtime), 'INVALID_INPUT', `a bad ${field}`, { field });
        }
        await assertEmpty(realtime, 'after the refusals');
        assertEqual(events, [], 'the events');
      },
    ),
  ),
  scenario('input/selectors', 'a bad selector is refused', async (realtime) => {
    const bad = [null, { symbol: SYMBOL }, { types: ['candles'] }, { symbols: [''] }];
    for (const [i, selector] of bad.entries()) {
      const field = ['selector', 'selector', 'types', 'symbol'][i];
      const subscribe = (): unknown => realtime.subscribe(selector as object, () => undefined);
      assertThrows(subscribe, 'INVALID_INPUT', 'subscribe', { field });
    }
  }),
];

function settingTicker(fault: Partial<Ticker>): BadCall {
  return ({ tickers }) => tickers.set({ ...sampleTicker(), ...fault });
}

function settingBook(fault: Partial<OrderBook>): BadCall {
  return ({ orderBooks }) => orderBooks.set({ ...sampleBook(), ...fault });
}

function appending(fault: Partial<Trade>): BadCall {
  return ({ trades }) =>
    trades.append(SYMBOL, [...sampleTrades(0, 3), { ...sampleTrade(3), ...fault }]);
}
