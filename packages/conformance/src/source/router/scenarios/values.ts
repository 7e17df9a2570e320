import type { SeriesKey } from '@barkeep/core';
import type { ISmartRouter, LiveCandle, MarketEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../../assertions.ts';
import {
  HOSTILE_SYMBOLS,
  OTHER,
  SYMBOL,
  sampleBook,
  sampleTicker,
  sampleTrade,
} from '../../../realtime/sample-market.ts';
import { type RouterScenario, scenario } from '../router-scenario.ts';
import {
  bookEvent,
  candleEvent,
  KEY,
  MINUTE_MS,
  sampleLive,
  tickerEvent,
  tradesEvent,
} from '../sample-router-events.ts';

/** One kind of value: how it is sent, and how it is read. */
interface ValueKind {
  readonly name: string;
  /** An event whose value tells when it was made. */
  readonly event: (at: number, symbol?: string) => MarketEvent;
  readonly read: (router: ISmartRouter, symbol?: string) => unknown;
  /** What is read after the event alone was sent. */
  readonly value: (at: number, symbol?: string) => unknown;
  /** What is read when nothing was sent. */
  readonly nothing: unknown;
}

const KINDS: readonly ValueKind[] = [
  {
    name: 'ticker',
    event: tickerEvent,
    read: (router, symbol = SYMBOL) => router.getTicker(symbol),
    value: sampleTicker,
    nothing: undefined,
  },
  {
    name: 'book',
    event: bookEvent,
    read: (router, symbol = SYMBOL) => router.getOrderBook(symbol),
    value: sampleBook,
    nothing: undefined,
  },
  {
    name: 'trades',
    event: (at, symbol) => tradesEvent([at], symbol),
    read: (router, symbol = SYMBOL) => router.getTrades(symbol),
    value: (at) => [sampleTrade(at)],
    nothing: [],
  },
  {
    name: 'candles',
    event: (at, symbol) => candleEvent(sampleLive(at, at, keyOf(symbol))),
    read: (router, symbol) => router.getCandles(keyOf(symbol)),
    value: (at, symbol) => [sampleLive(at, at, keyOf(symbol))],
    nothing: [],
  },
];

export const valueScenarios: readonly RouterScenario[] = [
  ...KINDS.flatMap(({ name, event, read, value, nothing }) => [
    scenario(`${name}/told-and-kept`, 'what comes is told, and can be read', async (session) => {
      await session.begin();
      await session.send(event(1));
      const told = session.events.filter(({ type }) => type === event(1).type);
      assertEqual(told, [event(1)], 'what was told');
      assertEqual(read(session.router), value(1), 'what is read');
    }),
    scenario(`${name}/unknown`, 'what never came is not there', async (session) => {
      assertEqual(read(session.router), nothing, 'before it is connected');
      await session.begin();
      await session.send(event(1));
      assertEqual(read(session.router, OTHER), nothing, 'of another symbol');
      assertEqual(read(session.router, 'constructor'), nothing, 'of a symbol with a telling name');
    }),
    scenario(`${name}/own-symbol`, 'a symbol is an opaque name', async (session) => {
      await session.begin(HOSTILE_SYMBOLS.map(keyOf));
      await session.send(...HOSTILE_SYMBOLS.map((symbol, i) => event(i, symbol)));
      for (const [i, symbol] of HOSTILE_SYMBOLS.entries()) {
        const what = `what is read of ${JSON.stringify(symbol.slice(0, 20))}`;
        assertEqual(read(session.router, symbol), value(i, symbol), what);
      }
    }),
    scenario(`${name}/unchanging`, 'what was read does not change later', async (session) => {
      await session.begin();
      await session.send(event(1));
      const before = read(session.router);
      const copy = structuredClone(before);
      await session.send(event(2), event(3), event(0));
      assertEqual(before, copy, 'what was read before');
    }),
    scenario(`${name}/after-reconnect`, 'after an outage values come again', async (session) => {
      await session.begin();
      await session.lose();
      session.pass(MINUTE_MS);
      await session.reconnect();
      await session.send(event(1));
      const told = session.events.filter(({ type }) => type === event(1).type);
      assertEqual(told, [event(1)], 'what was told');
      assertEqual(read(session.router), value(1), 'what is read');
    }),
    scenario(
      `${name}/forgotten`,
      'what came before an outage is not there after it',
      async (session) => {
        await session.begin();
        await session.send(event(1));
        await session.lose();
        session.pass(MINUTE_MS);
        await session.reconnect();
        assertEqual(read(session.router), nothing, 'after the reconnect');
      },
    ),
    scenario(
      `${name}/own-objects`,
      'the reader’s changes do not reach the router',
      async (session) => {
        await session.begin();
        session.router.subscribe(tamper);
        await session.send(event(1));
        assertEqual(read(session.router), value(1), 'after a change to the event');
        tamper(read(session.router));
        assertEqual(read(session.router), value(1), 'after a change to what was read');
        const last = session.events.findLast(({ type }) => type === event(1).type);
        tamper(last);
        assertEqual(read(session.router), value(1), 'after a late change to the event');
      },
    ),
  ]),
  ...KINDS.filter(({ name }) => name !== 'trades').map(({ name, event, read, value }) =>
    scenario(
      `${name}/newer-wins`,
      'a newer state stays, whatever comes after it',
      async (session) => {
        await session.begin();
        await session.send(event(1), event(5), event(3), event(5), event(4));
        assertEqual(read(session.router), value(5), 'after older and repeated ones');
        await session.send(event(6));
        assertEqual(read(session.router), value(6), 'after a newer one');
      },
    ),
  ),
  scenario('trades/once', 'a repeated trade is one trade', async (session) => {
    await session.begin();
    await session.send(tradesEvent([1, 2]), tradesEvent([2, 3, 3]), tradesEvent([1]));
    assertEqual(idsOf(session.router), ['t1', 't2', 't3'], 'the ids');
  }),
  scenario('trades/ascending', 'late trades are put in order', async (session) => {
    await session.begin();
    await session.send(tradesEvent([5, 2]), tradesEvent([4]), tradesEvent([1, 3]));
    assertEqual(idsOf(session.router), ['t1', 't2', 't3', 't4', 't5'], 'the ids');
  }),
  scenario('trades/ids-by-symbol', 'ids are compared within a symbol', async (session) => {
    await session.begin([KEY, keyOf(OTHER)]);
    await session.send(tradesEvent([1, 2]), tradesEvent([2, 3], OTHER));
    assertEqual(idsOf(session.router), ['t1', 't2'], 'the ids');
    assertEqual(idsOf(session.router, OTHER), ['t2', 't3'], 'the ids of the other symbol');
  }),
  scenario('trades/bounded', 'of many trades the latest stay', async (session) => {
    const { maxTrades, router } = session;
    await session.begin();
    const numbers = Array.from({ length: maxTrades + 20 }, (_, i) => i);
    for (let i = 0; i < numbers.length; i += 100) {
      await session.send(tradesEvent(numbers.slice(i, i + 100)));
    }
    const expected = numbers.slice(-router.getTrades(SYMBOL).length).map((i) => `t${i}`);
    assertTrue(expected.length <= maxTrades, `${expected.length} trades, not over ${maxTrades}`);
    assertTrue(expected.length >= 20, `${expected.length} trades are some`);
    assertEqual(idsOf(router), expected, 'the ids');
    await session.send(tradesEvent([0]));
    assertTrue(router.getTrades(SYMBOL).length <= maxTrades, 'the bound holds for late ones');
    assertTrue(idsOf(router).includes(`t${maxTrades + 19}`), 'a late one ousts no newer one');
  }),
  scenario(
    'candles/equal-later',
    'of two states with one asOf, the one that comes later counts',
    async (session) => {
      await session.begin();
      const first = sampleLive(1);
      const second: LiveCandle = { ...first, candle: { ...first.candle, close: 91 } };
      await session.send(candleEvent(first), candleEvent(second));
      assertEqual(session.router.getCandles(KEY), [second], 'the states');
    },
  ),
  scenario(
    'candles/ascending',
    'the candle in the making and the one before it are there, each once',
    async (session) => {
      await session.begin();
      const early = sampleLive(0, 1);
      const late = sampleLive(0, 2);
      const next = sampleLive(MINUTE_MS);
      await session.send(candleEvent(early));
      session.pass(MINUTE_MS);
      await session.send(candleEvent(next), candleEvent(late), candleEvent(early));
      assertEqual(session.router.getCandles(KEY), [late, next], 'the states');
    },
  ),
  scenario('candles/own-timeframe', 'timeframes of one symbol are kept apart', async (session) => {
    const keys = (['1m', '5m', '1h', '1d'] as const).map((timeframe) => ({ ...KEY, timeframe }));
    await session.begin(keys);
    const lives = keys.map((key, i) => sampleLive(0, i, key));
    await session.send(...lives.map(candleEvent));
    for (const [i, key] of keys.entries()) {
      assertEqual(session.router.getCandles(key), [lives[i]], `the states of ${key.timeframe}`);
    }
  }),
  scenario('candles/not-derived', 'a state is told as it came', async (session) => {
    await session.begin();
    const lives = [sampleLive(0, 1), sampleLive(0, 2), sampleLive(0, 2), sampleLive(0, 1)];
    await session.send(...lives.map(candleEvent));
    const told = session.events.flatMap((it) => (it.type === 'candle' ? [it.live] : []));
    for (const live of told) {
      const made = lives.find(({ asOf }) => asOf === live.asOf);
      assertEqual(live, made, 'a state that was told');
    }
    assertTrue(told.length > 0, 'some are told');
  }),
];

function keyOf(symbol: string = SYMBOL): SeriesKey {
  return { symbol, timeframe: '1m' };
}

function idsOf(router: ISmartRouter, symbol: string = SYMBOL): string[] {
  return router.getTrades(symbol).map(({ id }) => id);
}

/** Changes whatever can be changed. */
function tamper(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    tamper(part);
    if (typeof part === 'number') Reflect.set(value, name, part + 1);
  }
  if (Array.isArray(value)) Reflect.set(value, 'length', 0);
}
