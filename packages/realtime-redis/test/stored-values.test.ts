import { MAX_EPOCH_MS, MIN_EPOCH_MS, type OrderBook, type Ticker, type Trade } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySpace } from '../src/key-space.ts';
import {
  decodeOrderBook,
  decodeTicker,
  digits,
  encodeOrderBook,
  encodeTicker,
} from '../src/latest-value.ts';
import {
  decodeLateTrade,
  decodeStoredTrade,
  decodeTrades,
  encodeTrades,
} from '../src/stored-trade.ts';
import { AT } from './market.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0));
const timestamp = fc.oneof(
  fc.integer({ min: 0, max: 4_102_444_800_000 }),
  fc.integer({ min: MIN_EPOCH_MS, max: MAX_EPOCH_MS }),
  fc.constantFrom(MIN_EPOCH_MS, -1, 0, MAX_EPOCH_MS),
);
const level = fc.record({ price: number, size: number });
const symbol = fc.string({ unit: 'grapheme', minLength: 1 });

describe('what Redis stores is what was given', () => {
  it('as a ticker', () => {
    const optional = { price: number, ask: number, volume: number, changeRate: number };
    const tickers = fc.oneof(
      fc.record({ timestamp, bid: number, ...optional }, { requiredKeys: ['timestamp', 'bid'] }),
      fc.record({ timestamp, bid: number, ...optional }, { requiredKeys: ['timestamp', 'price'] }),
    );
    fc.assert(
      fc.property(tickers, symbol, (fields, name) => {
        const ticker = { symbol: name, ...fields } as Ticker;
        expect(decodeTicker(name, encodeTicker(ticker))).toStrictEqual(ticker);
      }),
    );
  });

  it('as a ticker whose text comes after those of earlier ones', () => {
    fc.assert(
      fc.property(timestamp, timestamp, (a, b) => {
        const [one, other] = [a, b].map((at) =>
          encodeTicker({ symbol: 'A', timestamp: at, price: 1 }),
        );
        expect(`${one}` < `${other}`).toBe(a < b);
      }),
    );
  });

  it('as an order book', () => {
    const books = fc.record({ timestamp, bids: fc.array(level), asks: fc.array(level) });
    fc.assert(
      fc.property(books, fc.integer({ min: 0, max: 20 }), (fields, depth) => {
        const book: OrderBook = { symbol: 'A', ...fields };
        const stored = encodeOrderBook(book);
        expect(decodeOrderBook('A', stored, Number.POSITIVE_INFINITY)).toEqual(book);
        const cut = { ...book, bids: book.bids.slice(0, depth), asks: book.asks.slice(0, depth) };
        expect(decodeOrderBook('A', stored, depth)).toEqual(cut);
      }),
    );
  });

  it('as trades, whose ids may be any text', () => {
    const id = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
    const side = fc.constantFrom('buy' as const, 'sell' as const);
    const trade = fc.record(
      { id, timestamp, price: number, size: number, side },
      { requiredKeys: ['id', 'timestamp', 'price', 'size'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1 }), (trades: Trade[]) => {
        const stored = Buffer.from(encodeTrades(trades)).toString();
        expect(decodeTrades(stored)).toStrictEqual(trades);
        for (const [i, one] of stored.split('\u0001').entries()) {
          const kept = { trade: trades[i], expiresAt: AT };
          expect(decodeStoredTrade(`${digits(AT)}${one};`)).toEqual(kept);
          const late = `${digits(3)}${digits(70)}${digits(AT)}${one};`;
          expect(decodeLateTrade(late)).toEqual({ ...kept, number: 3, after: 70 });
        }
      }),
    );
  });
});

it('what something else stored is none of ours, and nothing throws', () => {
  const stored = encodeTicker({ symbol: 'A', timestamp: AT, price: 1 });
  const foreign = [
    '',
    'foreign',
    '9'.repeat(16),
    `${'9'.repeat(16)}[`,
    stored.slice(0, -1),
    stored.slice(1),
    `2 ${stored}`,
    `${digits(AT)}["1"]`,
    `${digits(AT)}{"a":1}`,
    `${digits(AT)}[${Array(99).fill(1).join()}]x`,
  ];
  for (const text of [
    ...foreign,
    `${digits(AT)}[null]`,
    `${digits(AT)}[null,1]`,
    `${digits(AT)}[${Array(12).fill(1)}]`,
  ]) {
    expect(decodeTicker('A', text)).toBeUndefined();
  }
  for (const text of [
    ...foreign,
    `${digits(AT)}[2,1,1]`,
    `${digits(AT)}[0,1,1,1]`,
    `${digits(AT)}[-1]`,
  ]) {
    expect(decodeOrderBook('A', text, 9)).toBeUndefined();
    expect(decodeTrades(text)).toBeUndefined();
    expect(decodeStoredTrade(text)).toBeUndefined();
    expect(decodeLateTrade(text)).toBeUndefined();
  }
  for (const end of ['b1 1 1 "', 'b1 1 NaN 1;', 'b1 1 12 1', 'x1 1 1 1;', 'b1 1 1 ";', 'b1 1 1;']) {
    expect(decodeStoredTrade(digits(AT) + end)).toBeUndefined();
    expect(decodeLateTrade(digits(1) + digits(2) + digits(AT) + end)).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      decodeTicker('A', text);
      decodeOrderBook('A', text, 1);
      decodeTrades(text);
      decodeStoredTrade(text);
      decodeLateTrade(text);
    }),
  );
});

it('digits are sixteen', () => {
  expect(digits(8.64e15)).toBe('8640000000000000');
  expect(digits(5)).toBe('0000000000000005');
});

it('every key leads back to its symbol, and has a hash tag of its own', () => {
  const tagOf = (key: string): string | undefined => /\{([^}]+)\}/.exec(key)?.[1];
  fc.assert(
    fc.property(symbol, symbol, (one, other) => {
      const keys = new KeySpace('p:');
      const of = keys.of(one);
      const { ticker, orderBook, trades, tradeIds, lateTrades, arrivals, tag } = of;
      expect(keys.parse(ticker)).toEqual({ kind: 'ticker', symbol: one });
      expect(keys.parse(orderBook)).toEqual({ kind: 'orderBook', symbol: one });
      expect(keys.parse(trades)).toEqual({ kind: 'trades', symbol: one });
      for (const key of [ticker, orderBook, trades, tradeIds, lateTrades, arrivals]) {
        expect(tagOf(key)).toBe(tag);
      }
      expect(keys.of(other).tag === tag).toBe(other === one);
      expect(tag).not.toBe(keys.commonTag);
    }),
  );
});
