import type { OrderBook, Ticker } from '@barkeep/core';
import { assertDefined, assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { fullTicker, SYMBOL, sampleBook, sampleTicker } from '../sample-market.ts';

export const fieldScenarios: readonly RealtimeScenario[] = [
  scenario('tickers/every-field', 'every field comes back bit for bit', async ({ tickers }) => {
    await tickers.set(fullTicker());
    assertEqual(await tickers.get(SYMBOL), fullTicker(), 'get');
  }),
  scenario(
    'tickers/absent-fields',
    'fields that were not given are absent, also after others were',
    async ({ tickers }) => {
      await tickers.set(fullTicker());
      await tickers.set(sampleTicker(1));
      const ticker = assertDefined(await tickers.get(SYMBOL), 'the ticker');
      assertEqual(Object.keys(ticker).sort(), ['price', 'symbol', 'timestamp'], 'its fields');
      await tickers.set({ ...sampleTicker(2), bid: undefined } as unknown as Ticker);
      assertEqual(await tickers.get(SYMBOL), sampleTicker(2), 'with a field that is undefined');
    },
  ),
  scenario(
    'tickers/own-object',
    'the caller’s ticker is neither kept nor changed',
    async ({ tickers }) => {
      const ticker = { ...fullTicker() };
      const setting = tickers.set(ticker);
      ticker.price = 1;
      await setting;
      ticker.price = 2;
      assertEqual(await tickers.get(SYMBOL), fullTicker(), 'get');
      assertEqual(ticker, { ...fullTicker(), price: 2 }, 'the caller’s ticker');
      assertTrue(!Object.isFrozen(ticker), 'the caller’s ticker is not frozen');
    },
  ),
  scenario(
    'orderBooks/every-level',
    'every level comes back bit for bit',
    async ({ orderBooks }) => {
      const book: OrderBook = {
        symbol: SYMBOL,
        timestamp: 0,
        bids: [
          { price: 1e300, size: 0 },
          { price: 0.1 + 0.2, size: 1e-300 },
          { price: Number.MIN_VALUE, size: Number.MAX_VALUE },
        ],
        asks: [{ price: 151_234_000.125, size: 1 / 3 }],
      };
      await orderBooks.set(book);
      assertEqual(await orderBooks.get(SYMBOL), book, 'get');
    },
  ),
  scenario('orderBooks/empty-sides', 'a side may be empty', async ({ orderBooks }) => {
    const { bids, asks } = sampleBook();
    for (const book of [
      { ...sampleBook(0), bids: [] },
      { ...sampleBook(1), asks: [] },
      { ...sampleBook(2), bids: [], asks: [] },
      { ...sampleBook(3), bids, asks },
    ]) {
      await orderBooks.set(book);
      assertEqual(await orderBooks.get(SYMBOL), book, 'get');
    }
  }),
  scenario(
    'orderBooks/replaced-whole',
    'a book replaces the one before it, also when it is shorter',
    async ({ orderBooks }) => {
      await orderBooks.set(sampleBook(0, SYMBOL, 15));
      await orderBooks.set(sampleBook(1, SYMBOL, 2));
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(1, SYMBOL, 2), 'get');
      await orderBooks.set(sampleBook(2, SYMBOL, 30));
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(2, SYMBOL, 30), 'get a longer one');
    },
  ),
  scenario(
    'orderBooks/depth',
    'depth takes the best levels of each side',
    async ({ orderBooks }) => {
      const book = sampleBook();
      await orderBooks.set(book);
      for (const depth of [0, 1, 3, 5, 100]) {
        const expected = {
          ...book,
          bids: book.bids.slice(0, depth),
          asks: book.asks.slice(0, depth),
        };
        assertEqual(await orderBooks.get(SYMBOL, { depth }), expected, `get with depth ${depth}`);
        const [many] = await orderBooks.getMany([SYMBOL], { depth });
        assertEqual(many, expected, `getMany with depth ${depth}`);
      }
      assertEqual(await orderBooks.get(SYMBOL), book, 'get without depth');
    },
  ),
  scenario('orderBooks/depth-uneven', 'depth cuts each side for itself', async ({ orderBooks }) => {
    const book = { ...sampleBook(), asks: sampleBook().asks.slice(0, 1) };
    await orderBooks.set(book);
    const expected = { ...book, bids: book.bids.slice(0, 3) };
    assertEqual(await orderBooks.get(SYMBOL, { depth: 3 }), expected, 'get');
  }),
  ...[-1, 1.5, Number.NaN, '3', null].map((depth) =>
    scenario(
      `orderBooks/rejects-depth-${depth}`,
      `a depth of ${depth} is refused`,
      async ({ orderBooks }) => {
        await orderBooks.set(sampleBook());
        const options = { depth: depth as number };
        await assertRejects(() => orderBooks.get(SYMBOL, options), 'INVALID_INPUT', 'get', {
          field: 'depth',
        });
        await assertRejects(
          () => orderBooks.getMany([SYMBOL], options),
          'INVALID_INPUT',
          'getMany',
          {
            field: 'depth',
          },
        );
      },
    ),
  ),
  scenario(
    'orderBooks/own-object',
    'the caller’s book is neither kept nor changed',
    async ({ orderBooks }) => {
      const book = structuredClone(sampleBook()) as {
        -readonly [field in keyof OrderBook]: OrderBook[field];
      };
      const setting = orderBooks.set(book);
      book.timestamp = 1;
      Reflect.set(book.bids[0] ?? {}, 'price', 1);
      Reflect.set(book.asks, 'length', 0);
      await setting;
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(), 'get');
    },
  ),
  scenario(
    'orderBooks/fresh-objects',
    'what one reader does to a book no other sees',
    async ({ orderBooks }) => {
      await orderBooks.set(sampleBook());
      const book = assertDefined(await orderBooks.get(SYMBOL), 'the book');
      Reflect.set(book.bids[0] ?? {}, 'price', 1);
      Reflect.set(book.asks, 'length', 0);
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(), 'the next read');
    },
  ),
  scenario(
    'orderBooks/bounded-depth',
    'of a book deeper than declared the best levels are kept',
    async ({ orderBooks, capabilities }) => {
      const most = capabilities.maxBookDepth ?? 0;
      await orderBooks.set(sampleBook(10_000, SYMBOL, most + 3));
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(10_000, SYMBOL, most), 'get');
    },
    {
      requires: ({ maxBookDepth }) =>
        maxBookDepth === undefined ? 'it declares no bound of levels' : undefined,
    },
  ),
];
