import type { IRealtimeCache, RealtimeEvent, RealtimeSelector } from '@barkeep/realtime';
import { assertDefined, assertEqual, assertThrows, assertTrue } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { isEqual } from '../../is-equal.ts';
import { type RealtimeContext, type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import {
  OTHER,
  SYMBOL,
  sampleBook,
  sampleTicker,
  sampleTrade,
  sampleTrades,
} from '../sample-market.ts';

/** How long an event may be under way, where it comes from a server. */
const LONGEST_WAIT_MS = 5_000;

const BAD_SELECTORS: Readonly<Record<string, readonly [selector: unknown, field: string]>> = {
  null: [null, 'selector'],
  undefined: [undefined, 'selector'],
  text: ['ticker', 'selector'],
  'unknown-key': [{ symbol: SYMBOL }, 'selector'],
  'unknown-type': [{ types: ['ticker', 'candles'] }, 'types'],
  'lagged-type': [{ types: ['lagged'] }, 'types'],
  'types-text': [{ types: 'ticker' }, 'types'],
  'symbols-text': [{ symbols: SYMBOL }, 'symbols'],
  'empty-symbol': [{ symbols: [SYMBOL, ''] }, 'symbol'],
};

export const subscribeScenarios: readonly RealtimeScenario[] = [
  scenario('subscribe/all', 'a subscriber hears of everything that is stored', async (realtime) => {
    const heard = listen(realtime, {});
    await storeOneOfEach(realtime, SYMBOL);
    await heard.become([
      { type: 'ticker', ticker: sampleTicker() },
      { type: 'orderBook', book: sampleBook() },
      { type: 'trades', symbol: SYMBOL, trades: sampleTrades(0, 2) },
    ]);
  }),
  ...(['ticker', 'orderBook', 'trades'] as const).map((type) =>
    scenario(
      `subscribe/type-${type}`,
      `a subscriber to ${type} hears of nothing else`,
      async (realtime) => {
        const heard = listen(realtime, { types: [type] });
        await storeOneOfEach(realtime, SYMBOL);
        await storeOneOfEach(realtime, OTHER);
        await heard.become(['event', 'event'], () => 'event');
        assertEqual(
          heard.events.map((event) => event.type),
          [type, type],
          'the types',
        );
      },
    ),
  ),
  scenario('subscribe/symbols', 'a subscriber to symbols hears of these only', async (realtime) => {
    const heard = listen(realtime, { symbols: [OTHER, '*'] });
    await storeOneOfEach(realtime, SYMBOL);
    await storeOneOfEach(realtime, `${OTHER}2`);
    await storeOneOfEach(realtime, OTHER);
    await heard.become(['ticker', 'orderBook', 'trades'], ({ type }) => type);
  }),
  scenario('subscribe/both', 'types and symbols must both match', async (realtime) => {
    const heard = listen(realtime, { types: ['ticker'], symbols: [OTHER] });
    await storeOneOfEach(realtime, SYMBOL);
    await storeOneOfEach(realtime, OTHER);
    await heard.become([{ type: 'ticker', ticker: sampleTicker(0, OTHER) }]);
  }),
  scenario('subscribe/none', 'empty lists match nothing', async (realtime) => {
    const none = [listen(realtime, { types: [] }), listen(realtime, { symbols: [] })];
    const all = listen(realtime, {});
    await realtime.tickers.set(sampleTicker());
    await all.become(['ticker'], ({ type }) => type);
    for (const heard of none) await heard.become([]);
  }),
  scenario(
    'subscribe/not-stale',
    'stale values and duplicates are not heard of',
    async (realtime) => {
      await realtime.tickers.set(sampleTicker(5));
      await realtime.orderBooks.set(sampleBook(5));
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const heard = listen(realtime, {});
      await realtime.tickers.set(sampleTicker(4));
      await realtime.orderBooks.set(sampleBook(4));
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      await realtime.trades.append(SYMBOL, []);
      await realtime.tickers.set(sampleTicker(6));
      await heard.become([{ type: 'ticker', ticker: sampleTicker(6) }]);
    },
  ),
  scenario(
    'subscribe/only-new-trades',
    'of an append only the new trades are heard of',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const heard = listen(realtime, {});
      await realtime.trades.append(SYMBOL, [
        sampleTrade(1),
        sampleTrade(4),
        sampleTrade(4),
        sampleTrade(3),
      ]);
      await heard.become([
        { type: 'trades', symbol: SYMBOL, trades: [sampleTrade(4), sampleTrade(3)] },
      ]);
    },
  ),
  scenario('subscribe/not-refused', 'refused values are not heard of', async (realtime) => {
    const heard = listen(realtime, {});
    const bad = [
      realtime.tickers.set({ ...sampleTicker(), price: Number.NaN }),
      realtime.orderBooks.set({ ...sampleBook(), timestamp: -1 }),
      realtime.trades.append(SYMBOL, [sampleTrade(0), sampleTrade(1, { size: -1 })]),
    ];
    await Promise.allSettled(bad);
    await realtime.tickers.set(sampleTicker(1));
    await heard.become([{ type: 'ticker', ticker: sampleTicker(1) }]);
  }),
  scenario(
    'subscribe/unsubscribe',
    'after it took itself off, a subscriber hears nothing',
    async (realtime) => {
      const heard = listen(realtime, {});
      const other = listen(realtime, {});
      await realtime.tickers.set(sampleTicker(1));
      await heard.become(['ticker'], ({ type }) => type);
      heard.unsubscribe();
      heard.unsubscribe();
      await realtime.tickers.set(sampleTicker(2));
      await other.become(['ticker', 'ticker'], ({ type }) => type);
      await heard.become(['ticker'], ({ type }) => type);
    },
  ),
  scenario(
    'subscribe/throwing',
    'a subscriber that throws disturbs neither writes nor others',
    async (realtime) => {
      const problem = new Error('a mistake of the subscriber');
      const errors = await captureUncaughtErrors(async () => {
        realtime.subscribe({}, () => {
          throw problem;
        });
        const heard = listen(realtime, {});
        assertEqual(await realtime.tickers.set(sampleTicker()), 'stored', 'the write');
        await heard.become(['ticker'], ({ type }) => type);
      });
      assertTrue(errors.length === 1 && errors[0] === problem, 'its error reaches the process');
    },
  ),
  scenario(
    'subscribe/read-inside',
    'a subscriber reads what it has just heard of',
    async (realtime) => {
      const reads: Promise<unknown>[] = [];
      realtime.subscribe({ types: ['ticker'] }, () => reads.push(realtime.tickers.get(SYMBOL)));
      const heard = listen(realtime, {});
      await realtime.tickers.set(sampleTicker());
      await heard.become(['ticker'], ({ type }) => type);
      assertEqual(await Promise.all(reads), [sampleTicker()], 'what it read');
    },
  ),
  scenario('subscribe/own-selector', 'the selector is the caller’s to change', async (realtime) => {
    const symbols = [SYMBOL];
    const heard = listen(realtime, { types: ['ticker'], symbols });
    symbols[0] = OTHER;
    await realtime.tickers.set(sampleTicker(0, OTHER));
    await realtime.tickers.set(sampleTicker(0, SYMBOL));
    await heard.become([{ type: 'ticker', ticker: sampleTicker() }]);
  }),
  scenario(
    'subscribe/own-values',
    'an event keeps its values, whatever the caller does to his',
    async (realtime) => {
      const heard = listen(realtime, {});
      const book = structuredClone(sampleBook());
      const trade = { ...sampleTrade(0) };
      await realtime.orderBooks.set(book);
      await realtime.trades.append(SYMBOL, [trade]);
      Reflect.set(book.bids, 'length', 0);
      trade.price = 1;
      await heard.become([
        { type: 'orderBook', book: sampleBook() },
        { type: 'trades', symbol: SYMBOL, trades: [sampleTrade(0)] },
      ]);
    },
  ),
  ...Object.entries(BAD_SELECTORS).map(([name, [selector, field]]) =>
    scenario(
      `subscribe/rejects-${name}`,
      `a selector that is ${name} is refused`,
      async (realtime) => {
        const subscribe = (): unknown => realtime.subscribe(selector as never, () => undefined);
        assertThrows(subscribe, 'INVALID_INPUT', 'subscribe', { field });
      },
    ),
  ),
  {
    key: 'realtime/lifecycle/subscribe',
    title: 'subscribing works when open, and in no other state',
    run: subscribeInEveryState,
  },
];

async function subscribeInEveryState(context: RealtimeContext): Promise<void> {
  const realtime = await context.create();
  const subscribe = (): unknown => realtime.subscribe({}, () => undefined);
  assertThrows(subscribe, 'NOT_OPEN', 'subscribe when idle', { state: 'idle' });
  const opening = realtime.open();
  assertThrows(subscribe, 'NOT_OPEN', 'subscribe while opening', { state: 'opening' });
  await opening;
  subscribe();
  await realtime.close();
  assertThrows(subscribe, 'NOT_OPEN', 'subscribe when closed', { state: 'closed' });
}

interface Listening {
  readonly events: readonly RealtimeEvent[];
  readonly unsubscribe: () => void;
  /** Waits for as many events as expected, and a moment for one too many. */
  become(expected: readonly unknown[], show?: (event: RealtimeEvent) => unknown): Promise<void>;
}

function listen(realtime: IRealtimeCache, selector: RealtimeSelector): Listening {
  const events: RealtimeEvent[] = [];
  const unsubscribe = realtime.subscribe(selector, (event) => events.push(event));
  return {
    events,
    unsubscribe,
    become: async (expected, show = (event) => event) => {
      const deadline = performance.now() + LONGEST_WAIT_MS;
      while (events.length < expected.length && performance.now() < deadline) await nextTurn();
      await nextTurn();
      const shown = events.map(show);
      if (isEqual(shown, expected)) return;
      for (const [i, one] of expected.entries()) {
        assertEqual(assertDefined(shown[i], `event ${i}`), one, `event ${i}`);
      }
      assertEqual(shown, expected, 'the events');
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function storeOneOfEach(realtime: IRealtimeCache, symbol: string): Promise<void> {
  await realtime.tickers.set(sampleTicker(0, symbol));
  await realtime.orderBooks.set(sampleBook(0, symbol));
  await realtime.trades.append(symbol, sampleTrades(0, 2));
}
