import { type Candle, ManualClock, type SeriesKey } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import type { ExchangeMessage } from '../src/exchange/exchange-message.ts';
import { LONGEST_DELAY_MS } from '../src/exchange/exchange-stream.ts';
import { KRW_MARKETS } from '../src/exchange/market-profile.ts';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 14, 5, 20);
const keys: readonly SeriesKey[] = KRW_MARKETS.map(({ symbol }) => ({ symbol, timeframe: '1m' }));

type CandleMessage = Extract<ExchangeMessage, { type: 'candle' }>;

describe('the live stream', () => {
  it('begins with a snapshot of what is watched', () => {
    const exchange = new SimulatedExchange({ clock: new ManualClock(START + 30_000) });
    const stream = exchange.stream();
    expect(stream.receive()).toEqual([]);
    stream.watch({ symbol: 'KRW-BTC', timeframe: '1m' });
    const snapshot = stream.receive();
    expect(snapshot.slice(-3).map(({ type }) => type)).toEqual(['candle', 'ticker', 'orderBook']);
    const recent = exchange.trades('KRW-BTC', START - 600_000, START + 30_000).slice(-50);
    expect(snapshot.flatMap((it) => (it.type === 'trade' ? [it.trade] : []))).toEqual(recent);
    expect(stream.receive()).toEqual([]);
  });

  it('sends every trade of the minutes it runs', () => {
    const { exchange, messages } = runStream(5 * MINUTE, 250);
    for (const { symbol } of keys) {
      const sent = messages.flatMap((it) =>
        it.type === 'trade' && it.symbol === symbol ? [it.trade] : [],
      );
      // The last ones may still be on their way.
      const expected = exchange.trades(symbol, START, START + 5 * MINUTE - LONGEST_DELAY_MS);
      expect(expected.length).toBeGreaterThan(0);
      for (const trade of expected) expect(sent).toContainEqual(trade);
    }
  });

  it('sends the same messages however often it is asked', () => {
    expect(
      runStream(2 * MINUTE, 250)
        .messages.map(text)
        .sort(),
    ).toEqual(
      runStream(2 * MINUTE, 1_700)
        .messages.map(text)
        .sort(),
    );
  });

  it('repeats messages, sends candles late and out of order, and ends with the true ones', async () => {
    const { exchange, messages, sentAt } = runStream(10 * MINUTE, 250);
    const candles = messages.filter((it): it is CandleMessage => it.type === 'candle');
    const repeated = candles.length - new Set(candles.map(text)).size;
    const late = candles.filter((it) => (sentAt.get(it) ?? 0) >= it.candle.timestamp + MINUTE);
    const outdated = candles.filter((it, i) =>
      candles.slice(0, i).some((old) => sameCandle(old, it) && old.asOf > it.asOf),
    );
    expect(repeated).toBeGreaterThan(0);
    expect(late.length).toBeGreaterThan(0);
    expect(outdated.length).toBeGreaterThan(0);

    const latest = new Map<string, CandleMessage>();
    for (const message of candles) {
      const name = `${message.key.symbol} ${message.candle.timestamp}`;
      if ((latest.get(name)?.asOf ?? -1) <= message.asOf) latest.set(name, message);
    }
    for (const { symbol, timeframe } of keys) {
      const page = await exchange.candlePage({ symbol, timeframe, to: START + 9 * MINUTE });
      for (const candle of page.filter(({ timestamp }) => timestamp >= START)) {
        expect(latest.get(`${symbol} ${candle.timestamp}`)?.candle).toEqual(candle);
      }
    }
  });

  it('streams longer timeframes as well', () => {
    const exchange = new SimulatedExchange({ clock: new ManualClock(START) });
    const stream = exchange.stream();
    stream.watch({ symbol: 'KRW-BTC', timeframe: '1d' });
    const snapshot = stream.receive().find(({ type }) => type === 'candle');
    const expected: Partial<Candle> = { timestamp: Date.UTC(2026, 2, 14) };
    expect(snapshot).toMatchObject({ type: 'candle', candle: expected });
  });
});

function runStream(lengthMs: number, stepMs: number) {
  const clock = new ManualClock(START);
  const exchange = new SimulatedExchange({ clock });
  const stream = exchange.stream();
  for (const key of keys) stream.watch(key);
  const messages: ExchangeMessage[] = stream.receive();
  const sentAt = new Map<ExchangeMessage, number>();
  while (clock.now() < START + lengthMs) {
    clock.advanceTo(Math.min(clock.now() + stepMs, START + lengthMs));
    for (const message of stream.receive()) {
      messages.push(message);
      sentAt.set(message, clock.now());
    }
  }
  return { exchange, messages, sentAt };
}

function text(message: ExchangeMessage): string {
  return JSON.stringify(message);
}

function sameCandle(a: CandleMessage, b: CandleMessage): boolean {
  return a.key.symbol === b.key.symbol && a.candle.timestamp === b.candle.timestamp;
}
