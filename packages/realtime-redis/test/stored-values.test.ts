import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySpace } from '../src/key-space.ts';
import {
  decodeOrderBook,
  decodeTicker,
  digits,
  encodeOrderBook,
  encodeTicker,
  expiresAtOf,
  storedExpiry,
} from '../src/latest-value.ts';
import { decodeTrades, encodeTrades } from '../src/stored-trade.ts';
import { AT } from './market.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0));
const timestamp = fc.integer({ min: 0, max: 4_102_444_800_000 });
const level = fc.record({ price: number, size: number });
const symbol = fc.string({ unit: 'grapheme', minLength: 1 });

describe('what Redis stores is what was given', () => {
  it('as a ticker', () => {
    const optional = { bid: number, ask: number, volume: number, changeRate: number };
    const tickers = fc.record(
      { timestamp, price: number, ...optional },
      { requiredKeys: ['timestamp', 'price'] },
    );
    fc.assert(
      fc.property(tickers, symbol, timestamp, (fields, name, expiresAt) => {
        const ticker = { symbol: name, ...fields } as Ticker;
        const stored = encodeTicker(ticker, expiresAt);
        expect(decodeTicker(name, stored)).toEqual(ticker);
        expect(expiresAtOf(stored)).toBe(expiresAt);
      }),
    );
  });

  it('as an order book', () => {
    const books = fc.record({ timestamp, bids: fc.array(level), asks: fc.array(level) });
    fc.assert(
      fc.property(books, fc.integer({ min: 0, max: 20 }), (fields, depth) => {
        const book: OrderBook = { symbol: 'A', ...fields };
        const stored = encodeOrderBook(book, AT);
        expect(decodeOrderBook('A', stored, Number.POSITIVE_INFINITY)).toEqual(book);
        const cut = { ...book, bids: book.bids.slice(0, depth), asks: book.asks.slice(0, depth) };
        expect(decodeOrderBook('A', stored, depth)).toEqual(cut);
      }),
    );
  });

  it('as trades, whose ids may be any text', () => {
    const id = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
    const side = fc.constantFrom('buy' as const, 'sell' as const);
    const trade = fc.record({ id, timestamp, price: number, size: number, side });
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1 }), (trades: Trade[]) => {
        const stored = Buffer.from(encodeTrades(trades, AT)).toString();
        expect(decodeTrades(stored)).toEqual(trades);
      }),
    );
  });
});

it('a life without end ends with time', () => {
  expect(storedExpiry(AT + Number.POSITIVE_INFINITY)).toBe(8.64e15);
  expect(storedExpiry(AT + 0.5)).toBe(AT + 1);
  expect(digits(8.64e15)).toBe('8640000000000000');
  expect(digits(5)).toBe('0000000000000005');
});

it('every key leads back to its symbol, and has a hash tag of its own', () => {
  const tagOf = (key: string): string | undefined => /\{([^}]+)\}/.exec(key)?.[1];
  fc.assert(
    fc.property(symbol, symbol, (one, other) => {
      const keys = new KeySpace('p:');
      const { ticker, orderBook, trades, tradeIds, arrivals, tag } = keys.of(one);
      expect(keys.parse(ticker)).toEqual({ kind: 'ticker', symbol: one });
      expect(keys.parse(orderBook)).toEqual({ kind: 'orderBook', symbol: one });
      expect(keys.parse(trades)).toEqual({ kind: 'trades', symbol: one });
      for (const key of [ticker, orderBook, trades, tradeIds, arrivals]) {
        expect(tagOf(key)).toBe(tag);
      }
      expect(keys.of(other).tag === tag).toBe(other === one);
      expect(tag).not.toBe(keys.commonTag);
    }),
  );
});
