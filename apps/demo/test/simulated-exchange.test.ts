import {
  type Candle,
  ManualClock,
  type Trade,
  validateOrderBook,
  validateTicker,
} from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import {
  krwTickSize,
  nextKrwPrice,
  previousKrwPrice,
  roundToKrwTick,
} from '../src/exchange/krw-tick-size.ts';
import { KRW_MARKETS } from '../src/exchange/market-profile.ts';
import { MAX_PAGE, SimulatedExchange } from '../src/exchange/simulated-exchange.ts';
import { BOOK_LEVELS } from '../src/exchange/simulated-order-book.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 2, 14, 5, 26, 37, 500);
const symbols = KRW_MARKETS.map(({ symbol }) => symbol);

describe('the simulated exchange', () => {
  it('tells every process the same history, in whatever order it asks', async () => {
    const one = exchangeAt(NOW);
    const other = exchangeAt(NOW + 40 * 86_400_000);
    for (const symbol of symbols) {
      await one.candlePage({ symbol, timeframe: '1m', to: NOW - 300 * 86_400_000 });
      const request = { symbol, timeframe: '1m', to: NOW - (NOW % MINUTE) } as const;
      expect(await one.candlePage(request)).toEqual(await other.candlePage(request));
    }
  });

  it('tells another history for another seed', async () => {
    const request = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
    const one = await exchangeAt(NOW).candlePage(request);
    const other = await new SimulatedExchange({ clock: new ManualClock(NOW), seed: 2 }).candlePage(
      request,
    );
    expect(one).not.toEqual(other);
  });

  it.each(symbols)(
    '%s trades at prices that Upbit would quote, in amounts of eight decimals',
    (symbol) => {
      const trades = exchangeAt(NOW).trades(symbol, NOW - 60 * MINUTE, NOW);
      expect(trades.length).toBeGreaterThan(10);
      for (const { price, size } of trades) {
        expect(price).toBe(roundToKrwTick(price));
        expect(size).toBe(Number(size.toFixed(8)));
        expect(size).toBeGreaterThan(0);
      }
    },
  );

  it.each(symbols)('%s has candles that are exactly what its trades add up to', async (symbol) => {
    const exchange = exchangeAt(NOW);
    const page = await exchange.candlePage({ symbol, timeframe: '1m' });
    for (const candle of page) {
      const trades = exchange.trades(
        symbol,
        candle.timestamp,
        Math.min(candle.timestamp + MINUTE, NOW),
      );
      expect(candle).toEqual(aggregate(candle.timestamp, trades));
    }
  });

  it('has hours and days that are exactly what their minutes add up to', async () => {
    const exchange = exchangeAt(NOW);
    for (const [timeframe, ms] of [
      ['1h', 3_600_000],
      ['1d', 86_400_000],
    ] as const) {
      const [newest, finished] = await exchange.candlePage({
        symbol: 'KRW-SOL',
        timeframe,
        count: 2,
      });
      for (const candle of [newest, finished]) {
        const from = candle?.timestamp ?? Number.NaN;
        const trades = exchange.trades('KRW-SOL', from, Math.min(from + ms, NOW));
        expect(candle).toEqual(aggregate(from, trades));
      }
    }
  });

  it('has minutes without trades: hardly any in the busiest market, many in the quietest', async () => {
    expect(await emptyShare('KRW-BTC')).toBeLessThan(0.01);
    expect(await emptyShare('KRW-LINK')).toBeGreaterThan(0.1);
    expect(await emptyShare('KRW-LINK')).toBeLessThan(0.6);
  });

  it('moves as far in a day as its profile says, and never jumps', async () => {
    for (const { symbol, dailyVolatility } of KRW_MARKETS) {
      const days = await exchangeAt(NOW).candlePage({ symbol, timeframe: '1d', count: 60 });
      const changes = days.map(({ open, close }) => Math.log(close / open));
      const deviation = Math.sqrt(changes.reduce((sum, it) => sum + it * it, 0) / changes.length);
      expect(deviation).toBeGreaterThan(dailyVolatility / 2);
      expect(deviation).toBeLessThan(dailyVolatility * 2);
      expect(Math.max(...changes.map(Math.abs))).toBeLessThan(dailyVolatility * 6);
    }
  });

  it('continues its candles: a later look only adds trades', async () => {
    const early = await exchangeAt(NOW).candlePage({
      symbol: 'KRW-BTC',
      timeframe: '1m',
      count: 3,
    });
    const late = await exchangeAt(NOW + 10_000).candlePage({
      symbol: 'KRW-BTC',
      timeframe: '1m',
      count: 3,
    });
    expect(late.slice(1)).toEqual(early.slice(1));
    expect(late[0]?.open).toBe(early[0]?.open);
    expect(late[0]?.volume).toBeGreaterThan(early[0]?.volume ?? Number.NaN);
  });

  it('hands out at most 200 candles before an instant, newest first', async () => {
    const exchange = exchangeAt(NOW);
    const to = NOW - (NOW % MINUTE) - 500 * MINUTE;
    const page = await exchange.candlePage({ symbol: 'KRW-LINK', timeframe: '1m', to });
    expect(page).toHaveLength(MAX_PAGE);
    expect(page[0]?.timestamp).toBeLessThan(to);
    const times = page.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    await expect(
      exchange.candlePage({ symbol: 'KRW-BTC', timeframe: '1m', count: MAX_PAGE + 1 }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { field: 'count' } });
  });

  it('has nothing before it was founded', async () => {
    const listedAt = NOW - (NOW % MINUTE) - 10 * MINUTE;
    const exchange = new SimulatedExchange({ clock: new ManualClock(NOW), listedAt });
    const page = await exchange.candlePage({ symbol: 'KRW-BTC', timeframe: '1m' });
    expect(page.length).toBeLessThanOrEqual(11);
    expect(page.at(-1)?.timestamp).toBeGreaterThanOrEqual(listedAt);
    expect(await exchange.candlePage({ symbol: 'KRW-BTC', timeframe: '1m', to: listedAt })).toEqual(
      [],
    );
  });

  it('refuses calls beyond its limit until the next second', async () => {
    const clock = new ManualClock(NOW);
    const exchange = new SimulatedExchange({ clock, callsPerSecond: 2 });
    const call = () => exchange.candlePage({ symbol: 'KRW-BTC', timeframe: '1m', count: 1 });
    await call();
    await call();
    await expect(call()).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true });
    clock.advance(1_000);
    await expect(call()).resolves.toHaveLength(1);
    expect(exchange.calls).toBe(3);
  });

  it('names the markets it has when asked for another', async () => {
    await expect(
      exchangeAt(NOW).candlePage({ symbol: 'KRW-LUNA', timeframe: '1m' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { field: 'symbol' } });
  });

  it.each(symbols)('%s has a ticker that fits its trades and its day', (symbol) => {
    const exchange = exchangeAt(NOW);
    const ticker = exchange.tickerAsOf(symbol, NOW);
    expect(ticker).toBeDefined();
    if (ticker === undefined) return;
    validateTicker(ticker);
    const { price = Number.NaN } = ticker;
    expect(price).toBe(exchange.trades(symbol, NOW - 60 * MINUTE, NOW).at(-1)?.price);
    expect(ticker.change).toBe(price - (ticker.previousClose ?? Number.NaN));
    expect(ticker.high).toBeGreaterThanOrEqual(price);
    expect(ticker.low).toBeLessThanOrEqual(price);
  });

  it.each(symbols)(
    '%s has a book of fifteen quotable levels a side around its last trade',
    (symbol) => {
      const exchange = exchangeAt(NOW);
      const book = exchange.orderBookAsOf(symbol, NOW);
      expect(book).toBeDefined();
      if (book === undefined) return;
      validateOrderBook(book);
      expect(book.bids).toHaveLength(BOOK_LEVELS);
      expect(book.asks).toHaveLength(BOOK_LEVELS);
      const price = exchange.tickerAsOf(symbol, NOW)?.price;
      expect([book.bids[0]?.price, book.asks[0]?.price]).toContain(price);
      for (const level of [...book.bids, ...book.asks]) {
        expect(level.price).toBe(roundToKrwTick(level.price));
      }
    },
  );
});

describe('the price units of KRW markets', () => {
  it.each([
    [158_400_500, 1_000],
    [750_000, 500],
    [268_050, 100],
    [99_999, 50],
    [12_345, 10],
    [5_005, 5],
    [4_999, 1],
    [342, 1],
    [99.95, 0.1],
    [5.55, 0.01],
    [0.5, 0.001],
  ])('at %d won the step is %d', (price, step) => {
    expect(krwTickSize(price)).toBe(step);
  });

  it('steps up and down across bands and comes back', () => {
    for (const price of [100_000, 10_000, 5_000, 100, 10, 1]) {
      expect(previousKrwPrice(price)).toBeLessThan(price);
      expect(nextKrwPrice(previousKrwPrice(price))).toBe(price);
      expect(previousKrwPrice(nextKrwPrice(price))).toBe(price);
    }
  });
});

function exchangeAt(now: number): SimulatedExchange {
  return new SimulatedExchange({ clock: new ManualClock(now) });
}

/** A candle made the slow way, from trades one by one. */
function aggregate(timestamp: number, trades: readonly Trade[]): Candle {
  const prices = trades.map(({ price }) => price);
  const units = trades.reduce((sum, { size }) => sum + Math.round(size * 1e8), 0);
  return {
    timestamp,
    open: prices[0] ?? Number.NaN,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices.at(-1) ?? Number.NaN,
    volume: units / 1e8,
  };
}

/** The share of a week's minutes without a candle. */
async function emptyShare(symbol: string): Promise<number> {
  const exchange = exchangeAt(NOW);
  const minutes = 7 * 1_440;
  const from = NOW - (NOW % MINUTE) - minutes * MINUTE;
  let candles = 0;
  for (let to = NOW - (NOW % MINUTE); to > from; ) {
    const page = await exchange.candlePage({ symbol, timeframe: '1m', to });
    candles += page.filter(({ timestamp }) => timestamp >= from).length;
    to = page.at(-1)?.timestamp ?? from;
  }
  return 1 - candles / minutes;
}
