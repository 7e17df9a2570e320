import type { RouterHarness } from '@barkeep/conformance/source';
import { registerRouterConformance } from '@barkeep/conformance/source/vitest';
import {
  type Candle,
  ManualClock,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type { LiveCandle, RouterEvent } from '@barkeep/source';
import { describe, expect, it } from 'vitest';
import { ExchangeRouter, LONGEST_SILENCE_MS } from '../src/exchange/exchange-router.ts';
import { LONGEST_DELAY_MS } from '../src/exchange/exchange-stream.ts';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';
import { ScriptedExchange } from './scripted-exchange.ts';

const MINUTE = 60_000;
const STEP_MS = 250;
const START = Date.UTC(2026, 2, 14, 5, 20, 20);
const KEYS: readonly SeriesKey[] = [
  { symbol: 'KRW-BTC', timeframe: '1m' },
  { symbol: 'KRW-BTC', timeframe: '5m' },
  { symbol: 'KRW-LINK', timeframe: '1m' },
];

const harness: RouterHarness = {
  name: 'exchange router',
  create: ({ clock }) => {
    const exchange = new ScriptedExchange(clock);
    const router = new ExchangeRouter(exchange, { maxTrades: 60 });
    const setCurrent = (lives: readonly LiveCandle[]): void => {
      exchange.current.clear();
      for (const live of lives) exchange.current.set(seriesKeyText(live.key), live);
    };
    return {
      router,
      maxTrades: 60,
      close: () => router.close(),
      exchange: {
        connect: (current) => {
          setCurrent(current);
          exchange.isReachable = true;
          router.step();
        },
        watch: (key, current) => {
          setCurrent(current === undefined ? [] : [current]);
          router.watch(key);
          router.step();
        },
        send: (events) => {
          exchange.send(events);
          router.step();
        },
        cut: () => exchange.cut(),
        notice: () => {
          exchange.reset();
          router.step();
        },
      },
    };
  },
};

registerRouterConformance(harness);

describe('the router over the simulated exchange', () => {
  it('promises exactly the candles of the exchange, around an outage', async () => {
    const { clock, exchange, router, events, live } = connect();
    live(4 * MINUTE);
    const cutAt = clock.now();
    exchange.interruptStreams();
    live(3 * MINUTE);
    const resumedAt = clock.now();
    exchange.resumeStreams();
    live(6 * MINUTE);

    const connections = events.flatMap((it) => (it.type === 'connection' ? [it.connection] : []));
    expect(connections.map(({ status }) => status)).toEqual([
      'connected',
      'reconnecting',
      'connected',
    ]);
    const [, lost, restored] = connections;
    expect(lost?.since).toBeLessThanOrEqual(cutAt);
    expect(lost?.since).toBeGreaterThanOrEqual(cutAt - LONGEST_DELAY_MS - STEP_MS);
    expect(restored?.since).toBeGreaterThanOrEqual(resumedAt);

    const lostSince = lost?.since ?? Number.NaN;
    for (const key of KEYS) {
      const grid = timeframeGrid(key.timeframe);
      const again = router.streams.find((it) => seriesKeyText(it.key) === seriesKeyText(key));
      const page = (await exchange.candlePage({ ...key, to: clock.now(), count: 30 })).reverse();
      const stretches = [
        { from: grid.floor(START), to: grid.floor(lostSince) },
        { from: again?.since ?? 0, to: grid.floor(clock.now() - LONGEST_DELAY_MS) },
      ];
      for (const { from, to } of stretches) {
        const isIn = ({ timestamp }: Candle) => timestamp >= from && timestamp < to;
        expect(latestCandles(events, key).filter(isIn)).toEqual(page.filter(isIn));
      }
      expect(again?.since).toBeGreaterThanOrEqual(grid.floor(resumedAt));
    }
  });

  it('notices a dead connection by its silence', () => {
    const { clock, exchange, router, live } = connect();
    live(MINUTE);
    exchange.interruptStreams();
    const lastSeen = clock.now();
    live(LONGEST_SILENCE_MS);
    expect(router.connection.status).toBe('connected');
    live(STEP_MS);
    expect(router.connection).toEqual({ status: 'reconnecting', since: lastSeen });
    expect(router.streams).toEqual([]);
  });

  it('keeps the freshest values in memory, trades once', () => {
    const { router, live } = connect();
    live(3 * MINUTE);
    const ids = router.getTrades('KRW-BTC').map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(50);
    expect(new Set(ids).size).toBe(ids.length);
    expect(router.getTicker('KRW-BTC')?.price).toBe(router.getTrades('KRW-BTC').at(-1)?.price);
    expect(router.getOrderBook('KRW-BTC')?.asks).toHaveLength(15);
    expect(router.getCandles({ symbol: 'KRW-BTC', timeframe: '1m' }).length).toBeGreaterThan(2);
  });

  it('does nothing after it was closed', () => {
    const { router, events, live } = connect();
    live(MINUTE);
    router.close();
    const heard = events.length;
    live(MINUTE);
    expect(events).toHaveLength(heard);
    expect(router.connection.status).toBe('closed');
  });
});

function connect() {
  const clock = new ManualClock(START);
  const exchange = new SimulatedExchange({ clock });
  const router = new ExchangeRouter(exchange);
  const events: RouterEvent[] = [];
  router.subscribe((event) => events.push(event));
  for (const key of KEYS) router.watch(key);
  router.step();
  const live = (ms: number): void => {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      clock.advance(STEP_MS);
      router.step();
    }
  };
  return { clock, exchange, router, events, live };
}

/** What a listener knows who keeps the latest state of each candle. */
function latestCandles(events: readonly RouterEvent[], key: SeriesKey): Candle[] {
  const latest = new Map<number, LiveCandle>();
  for (const event of events) {
    if (event.type !== 'candle' || seriesKeyText(event.live.key) !== seriesKeyText(key)) continue;
    const { timestamp } = event.live.candle;
    if ((latest.get(timestamp)?.asOf ?? -1) <= event.live.asOf) latest.set(timestamp, event.live);
  }
  return Array.from(latest.values(), ({ candle }) => candle).sort(
    (a, b) => a.timestamp - b.timestamp,
  );
}
