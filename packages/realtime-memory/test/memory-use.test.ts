import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import { expect, it } from 'vitest';
import { MemoryRealtime } from '../src/index.ts';

const SYMBOLS = 100;
const LEVELS = 30;
const TRADES = 1_000;
const START = Date.UTC(2026, 0, 1);

interface PlainMarket {
  readonly ticker: Ticker;
  readonly book: OrderBook;
  readonly trades: readonly Trade[];
}

const collectGarbage = exposeGarbageCollector();

it('takes less memory than the same data as plain objects, and no more than it tells', async () => {
  const start = usedNow();
  const plain = Array.from({ length: SYMBOLS }, (_, i) => sampleMarket(i));
  const plainBytes = usedNow() - start;
  expect(plain.length).toBe(SYMBOLS);

  const realtime = new MemoryRealtime();
  await realtime.open();
  const before = usedNow();
  for (let i = 0; i < SYMBOLS; i += 1) await store(realtime, sampleMarket(i));
  const bytes = usedNow() - before;
  const { bytes: told } = await realtime.stats();
  await realtime.close();

  expect(bytes).toBeLessThan(0.8 * plainBytes);
  expect(bytes).toBeLessThan(1.05 * told);
  expect(told).toBeLessThan(1.5 * bytes);
});

it('counts the memory of whole books that were read', async () => {
  const realtime = new MemoryRealtime();
  await realtime.open();
  const before = usedNow();
  let levels = 0;
  for (let i = 0; i < SYMBOLS; i += 1) {
    await realtime.orderBooks.set(sampleMarket(i).book);
    levels += (await realtime.orderBooks.get(`KRW-S${i}`))?.bids.length ?? 0;
  }
  expect(levels).toBe(SYMBOLS * LEVELS);
  await nextTurnOfTheLoop();
  const bytes = usedNow() - before;
  const { bytes: told } = await realtime.stats();
  await realtime.close();

  expect(bytes).toBeLessThan(1.3 * told);
  expect(told).toBeLessThan(1.6 * bytes);
});

async function store(realtime: MemoryRealtime, market: PlainMarket): Promise<void> {
  const { ticker, book, trades } = market;
  await realtime.tickers.set(ticker);
  await realtime.orderBooks.set(book);
  for (let i = 0; i < TRADES; i += 10) {
    await realtime.trades.append(ticker.symbol, trades.slice(i, i + 10));
  }
}

function sampleMarket(i: number): PlainMarket {
  const symbol = `KRW-S${i}`;
  const timestamp = START + i;
  const price = 1_000.5 + i;
  return {
    ticker: {
      symbol,
      timestamp,
      price,
      previousClose: price - 10.25,
      change: 10.25,
      changeRate: 0.0101,
      open: price - 5.5,
      high: price + 20.5,
      low: price - 30.5,
      volume: 12_345.678,
      quoteVolume: 1.5e9 + 0.5,
      bid: price - 0.5,
      ask: price + 0.5,
    },
    book: {
      symbol,
      timestamp,
      bids: Array.from({ length: LEVELS }, (_, k) => ({ price: price - k / 8, size: k + 0.1 })),
      asks: Array.from({ length: LEVELS }, (_, k) => ({ price: price + 1.1 + k, size: k + 0.1 })),
    },
    trades: Array.from({ length: TRADES }, (_, k) => ({
      id: String(17_657_342_100_000_000n + BigInt(i * TRADES + k)),
      timestamp: timestamp + 137 * k,
      price: price + k / 8,
      size: k + 0.1,
      side: k % 2 === 0 ? 'buy' : 'sell',
    })),
  };
}

/** Until then everything that came out of a weak reference lives on. */
function nextTurnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function usedNow(): number {
  for (let i = 0; i < 4; i += 1) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function exposeGarbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
