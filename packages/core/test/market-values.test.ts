import {
  COMMON_TIMEFRAMES,
  identifyTrades,
  MAX_EPOCH_MS,
  MIN_EPOCH_MS,
  type OrderBook,
  parseSeriesKeyText,
  type SeriesKey,
  seriesKeyText,
  TICKER_FIELDS,
  type Ticker,
  type Trade,
  type TradeInput,
  validateOrderBook,
  validateSeriesKey,
  validateSymbol,
  validateTicker,
  validateTrade,
  validateTrades,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from './thrown.ts';

const timestamp = Date.UTC(2024, 5, 1);
const ticker: Ticker = { symbol: 'KRW-BTC', timestamp, price: 95_000_000 };
const trade: Trade = { id: '17170000000000001', timestamp, price: 1, size: 0.5, side: 'buy' };
const book: OrderBook = {
  symbol: 'KRW-BTC',
  timestamp,
  bids: [
    { price: 99, size: 1 },
    { price: 98, size: 0 },
  ],
  asks: [
    { price: 100, size: 2 },
    { price: 101, size: 1 },
  ],
};
const price = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Object.is(value, -0));
const ofPrices = (...prices: number[]) => prices.map((it) => ({ price: it, size: 1 }));
const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, '1', null];
const badTimes = [
  ...[-0, 0.5, Number.NaN, 1_717_200_000, timestamp * 1_000, 2 ** 60, '2024-06-01'],
  ...[MIN_EPOCH_MS - 1, MAX_EPOCH_MS + 1, Number.MIN_SAFE_INTEGER, -(2 ** 60)],
];
const goodTimes = [MIN_EPOCH_MS, -5_000_000_000, -1, 0, 1, MAX_EPOCH_MS];

describe('a symbol', () => {
  it.each([
    'BTC_USDT',
    'BTC%',
    'BTC:PERP',
    '1000*',
    '비트코인',
    '../etc/passwd',
    "'; DROP TABLE candles; --",
    ' ',
    '__proto__',
    '🚀',
    'x'.repeat(512),
  ])('may be %j', (symbol) => expect(() => validateSymbol(symbol)).not.toThrow());

  it.each([
    ['', /empty/],
    ['x'.repeat(513), /at most 512/],
    ['a\0b', /U\+0000/],
    ['\ud83d', /surrogate/],
    [5, /string/],
    [null, /string/],
    [undefined, /string/],
  ])('may not be %j', (symbol, rule) => {
    expect(faultOf(() => validateSymbol(symbol))).toMatchObject({
      field: 'symbol',
      rule: expect.stringMatching(rule),
    });
  });
});

describe('a series key', () => {
  it('has one text, which gives it back', () => {
    const symbol = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' });
    const key = fc.record({ symbol, timeframe: fc.constantFrom(...COMMON_TIMEFRAMES) });
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(parseSeriesKeyText(seriesKeyText(a))).toEqual(a);
        const same = a.symbol === b.symbol && a.timeframe === b.timeframe;
        expect(seriesKeyText(a) === seriesKeyText(b)).toBe(same);
      }),
    );
    const colons: SeriesKey = { symbol: 'BTC:PERP:1m', timeframe: '1m' };
    expect(parseSeriesKeyText(seriesKeyText(colons))).toEqual(colons);
  });

  it.each([
    [null, 'key'],
    ['KRW-BTC', 'key'],
    [{ timeframe: '1m' }, 'symbol'],
    [{ symbol: 'x' }, 'timeframe'],
    [{ symbol: 'x', timeframe: '1 minute' }, 'timeframe'],
  ])('is refused as %j', (key, field) => {
    expect(faultOf(() => validateSeriesKey(key as SeriesKey))).toMatchObject({ field });
  });
});

describe('a ticker', () => {
  it('needs symbol, time and price only, and may have a negative price or change', () => {
    expect(() => validateTicker(ticker)).not.toThrow();
    expect(() => validateTicker({ ...ticker, price: -37.63, change: -1, volume: 0 })).not.toThrow();
  });

  it.each(notFinite)('has no price of %s', (price) => {
    expect(faultOf(() => validateTicker({ ...ticker, price } as Ticker, 3))).toMatchObject({
      field: 'price',
      index: 3,
    });
  });

  it.each(goodTimes)('may be of %i, as a book and a trade may', (good) => {
    expect(() => validateTicker({ ...ticker, timestamp: good })).not.toThrow();
    expect(() => validateOrderBook({ ...book, timestamp: good })).not.toThrow();
    expect(() => validateTrade({ ...trade, timestamp: good })).not.toThrow();
  });

  it.each(badTimes)('has no timestamp of %s', (bad) => {
    expect(faultOf(() => validateTicker({ ...ticker, timestamp: bad } as Ticker))).toMatchObject({
      field: 'timestamp',
      value: bad,
    });
  });

  it.each(TICKER_FIELDS)('has a finite %s or none', (field) => {
    for (const value of notFinite) {
      expect(faultOf(() => validateTicker({ ...ticker, [field]: value }))).toMatchObject({ field });
    }
    const absent = { ...ticker, bid: 1, [field]: undefined } as Ticker;
    expect(() => validateTicker(field === 'bid' ? { ...absent, ask: 2 } : absent)).not.toThrow();
  });

  it.each(['price', 'bid', 'ask'] as const)(
    'may have a %s only, of zero and below, too',
    (field) => {
      for (const value of [1, 0, -37.63]) {
        const only = { symbol: 'CL', timestamp, [field]: value };
        expect(() => validateTicker(only)).not.toThrow();
      }
    },
  );

  it('has a price, a bid or an ask', () => {
    const without = { symbol: 'CL', timestamp, open: 1, volume: 2 };
    const fault = { field: 'price', index: 3, timestamp };
    expect(faultOf(() => validateTicker(without, 3))).toMatchObject(fault);
  });

  it.each(['volume', 'quoteVolume'])('has no negative %s', (field) => {
    expect(faultOf(() => validateTicker({ ...ticker, [field]: -1 }))).toMatchObject({ field });
  });

  it('is an object with a symbol', () => {
    expect(faultOf(() => validateTicker(null as never, 2))).toMatchObject({
      field: 'ticker',
      index: 2,
    });
    expect(faultOf(() => validateTicker({ ...ticker, symbol: '' }))).toMatchObject({
      field: 'symbol',
    });
  });
});

describe('an order book', () => {
  it('may have sizes of zero, one side, or none', () => {
    for (const it of [book, { ...book, asks: [] }, { ...book, asks: [], bids: [] }]) {
      expect(() => validateOrderBook(it)).not.toThrow();
    }
  });

  it.each([
    ['bids out of order', { bids: [...book.bids].reverse() }, 'bids.price', 1],
    ['asks out of order', { asks: [...book.asks].reverse() }, 'asks.price', 1],
    ['two levels of one price', { asks: [book.asks[0], book.asks[0]] }, 'asks.price', 1],
    ['padding of price 0', { asks: Array(2).fill({ price: 0, size: 0 }) }, 'asks.price', 1],
    ['bids that rise below zero', { bids: ofPrices(-2, -1) }, 'bids.price', 1],
    ['asks that fall below zero', { asks: ofPrices(-1, -2) }, 'asks.price', 1],
    ['asks that fall through zero', { asks: ofPrices(1, 0) }, 'asks.price', 1],
    ['a price of -0', { bids: ofPrices(-0) }, 'bids.price', 0],
    ['a NaN price', { bids: [{ price: Number.NaN, size: 1 }] }, 'bids.price', 0],
    ['a price as text', { bids: [{ price: '99', size: 1 }] }, 'bids.price', 0],
    ['a negative size', { bids: [{ price: 99, size: -1 }] }, 'bids.size', 0],
    ['no size', { bids: [{ price: 99 }] }, 'bids.size', 0],
    ['null in place of a level', { bids: [null] }, 'bids', 0],
    ['tuples in place of levels', { bids: [[99, 1]] }, 'bids.price', 0],
    ['no list of asks', { asks: undefined }, 'asks', undefined],
    ['microseconds', { timestamp: timestamp * 1_000 }, 'timestamp', undefined],
    ['no symbol', { symbol: undefined }, 'symbol', undefined],
  ])('is refused with %s', (_, change, field, index) => {
    const fault = faultOf(() => validateOrderBook({ ...book, ...change } as OrderBook));
    expect(fault).toMatchObject(index === undefined ? { field } : { field, index });
    if (index !== undefined) expect(fault).toMatchObject({ timestamp });
  });

  it('may have prices of zero and below, in the same order as others', () => {
    const oil = { ...book, bids: ofPrices(-37.63, -40), asks: ofPrices(-37, 0, 0.01) };
    expect(() => validateOrderBook(oil)).not.toThrow();
    fc.assert(
      fc.property(fc.uniqueArray(price, { maxLength: 8 }), (prices) => {
        const ascending = prices.toSorted((a, b) => a - b);
        const asks = ofPrices(...ascending);
        const bids = ofPrices(...ascending.toReversed());
        expect(() => validateOrderBook({ ...book, bids, asks })).not.toThrow();
        if (prices.length < 2) return;
        expect(faultOf(() => validateOrderBook({ ...book, bids: asks }))).toMatchObject({
          index: 1,
        });
        expect(faultOf(() => validateOrderBook({ ...book, asks: bids }))).toMatchObject({
          index: 1,
        });
      }),
    );
  });

  it('is an object', () => {
    expect(faultOf(() => validateOrderBook(undefined as never))).toMatchObject({ field: 'book' });
  });
});

describe('a trade', () => {
  it.each<[keyof Trade, unknown]>([
    ['id', 17_170_000_000_000_001n],
    ['id', ''],
    ['id', 5],
    ['id', null],
    ['price', Number.NaN],
    ['price', -0],
    ['size', -1],
    ['size', Number.POSITIVE_INFINITY],
    ['side', 'BID'],
    ['side', ''],
    ['side', null],
    ...badTimes.map((bad): [keyof Trade, unknown] => ['timestamp', bad]),
  ])('is refused with %s of %s, at its index', (field, value) => {
    const trades = [trade, { ...trade, [field]: value } as Trade];
    const fault = faultOf(() => validateTrades(trades));
    expect(fault).toMatchObject({ field, index: 1 });
    if (field !== 'timestamp') expect(fault).toMatchObject({ timestamp });
  });

  it.each([0, -37.63, -1e300])('may have a price of %s', (price) => {
    expect(() => validateTrades([{ ...trade, price }])).not.toThrow();
  });

  it('needs neither id nor side', () => {
    const { id: _, side: __, ...bare } = trade;
    expect(() => validateTrades([bare, { ...bare, id: undefined, side: undefined }])).not.toThrow();
  });

  it('stands in a list of objects', () => {
    expect(() => validateTrades([trade, { ...trade, side: 'sell', size: 0 }])).not.toThrow();
    expect(faultOf(() => validateTrades(trade as never))).toMatchObject({ field: 'trades' });
    expect(faultOf(() => validateTrades([trade, null as never]))).toMatchObject({
      field: 'trade',
      index: 1,
    });
    expect(faultOf(() => validateTrade('x' as never))).toMatchObject({ field: 'trade' });
  });
});

describe('the id of a trade without one', () => {
  const bare = { timestamp, price: -0.5, size: 2 };

  it('is made of what the trade says, and its number among equal ones', () => {
    const sold = { ...bare, side: 'sell' } as const;
    expect(identifyTrades([bare, sold, bare, { ...bare, size: 3 }])).toEqual([
      { ...bare, id: `~${timestamp}:-0.5:2:-:1` },
      { ...sold, id: `~${timestamp}:-0.5:2:sell:1` },
      { ...bare, id: `~${timestamp}:-0.5:2:-:2` },
      { ...bare, size: 3, id: `~${timestamp}:-0.5:3:-:1` },
    ]);
  });

  it('leaves a side that is undefined absent, and ids of the exchange as they are', () => {
    const [made, given] = identifyTrades([{ ...bare, side: undefined }, trade]);
    expect(Object.keys(made ?? {}).sort()).toEqual(['id', 'price', 'size', 'timestamp']);
    expect(given).toBe(trade);
    const identified = [trade, { ...trade, id: '2' }];
    expect(identifyTrades(identified)).toBe(identified);
  });

  const few = fc.record({
    timestamp: fc.constantFrom(timestamp, timestamp + 1),
    price,
    size: fc.constantFrom(0, 1),
  });
  const delivery = fc.array(
    fc.oneof(fc.constantFrom<TradeInput>(bare, { ...bare, side: 'buy' }), few),
    { maxLength: 12 },
  );
  const idsOf = (trades: readonly TradeInput[]) =>
    new Set(identifyTrades(trades).map(({ id }) => id));

  it('is unique within a delivery, and the same in whatever order that comes', () => {
    fc.assert(
      fc.property(delivery, (trades) => {
        expect(idsOf(trades).size).toBe(trades.length);
        expect(idsOf(trades.toReversed())).toEqual(idsOf(trades));
      }),
    );
  });

  it('makes overlapping deliveries agree on as many equal trades as one of them has', () => {
    fc.assert(
      fc.property(delivery, delivery, (one, other) => {
        const textsOf = (trades: readonly TradeInput[]) => trades.map((it) => JSON.stringify(it));
        const count = (texts: readonly string[], text: string) => texts.filter((it) => it === text);
        const [a, b] = [textsOf(one), textsOf(other)];
        const most = [...new Set([...a, ...b])].map((text) =>
          Math.max(count(a, text).length, count(b, text).length),
        );
        const together = new Set([...idsOf(one), ...idsOf(other)]);
        expect(together.size).toBe(most.reduce((sum, n) => sum + n, 0));
      }),
    );
  });
});
