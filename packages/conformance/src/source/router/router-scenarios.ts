import type { EpochMs, SeriesKey } from '@barkeep/core';
import type { ISmartRouter, LiveCandle, MarketEvent, RouterEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { routerCommands } from './router-command.ts';
import type { RouterSubject } from './router-harness.ts';
import { RouterModelRun } from './router-model-run.ts';
import { sampleBook, sampleTicker, sampleTrade } from './sample-values.ts';

const SYMBOL = 'KRW-BTC';
const KEY: SeriesKey = { symbol: SYMBOL, timeframe: '1m' };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** More series than one message, one page or one look-up has. */
const MANY = 300;

/** Each run is compared after each of its commands. */
const SHARE_OF_RUNS = 0.4;

const { scenario, bareScenario } = scenarioMaker<RouterSubject>('router');

export const routerScenarios: readonly Scenario<RouterSubject>[] = [
  bareScenario(
    'model/promises-kept',
    'whatever happens to the connection, a listener that believes the promises knows every candle',
    (context) =>
      checkModel(
        context.model,
        routerCommands,
        async (commands) => {
          const subject = await context.open();
          await new RouterModelRun(subject, context.clock).execute(commands);
          await subject.close();
        },
        SHARE_OF_RUNS,
      ),
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'subscribe/everyone',
    'a subscriber hears everything, from then on until it takes itself off, and can read it at once',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      const heard: unknown[][] = [];
      const listener = (): void => void heard.push(readAll(router));
      await exchange.send(eventsAt(1, clock.now()));
      const unsubscribe = router.subscribe(listener);
      let unsubscribeOther = (): void => undefined;
      unsubscribeOther = router.subscribe(() => unsubscribeOther());
      router.subscribe(listener);
      assertEqual(heard, [], 'what a subscriber hears of what came before');
      const [ticker, ...others] = eventsAt(2, clock.now() + 1);
      await exchange.send(ticker === undefined ? [] : [ticker]);
      assertEqual(heard.length, 2, 'how often a function hears one event that subscribed twice');
      unsubscribe();
      unsubscribe();
      await exchange.send(others);
      assertEqual(heard.length, 2 + others.length, 'the same after it took itself off once');
      assertEqual(heard.at(-1), readAll(router), 'what it read when it heard the last event');
    },
  ),
  scenario(
    'subscribe/throwing',
    'a subscriber that throws disturbs neither the router nor others',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      const problem = new Error('a mistake of the subscriber');
      const heard: RouterEvent[] = [];
      const events = eventsAt(1, clock.now());
      const errors = await captureUncaughtErrors(async () => {
        const unsubscribe = router.subscribe(({ type }) => {
          if (type !== 'connection') throw problem;
        });
        router.subscribe((event) => heard.push(event));
        await exchange.send(events);
        unsubscribe();
      });
      assertEqual(heard, events, 'what another one heard');
      assertEqual(readAll(router), events.map(readAlone), 'what is in memory');
      const all = errors.length === events.length && errors.every((error) => error === problem);
      assertTrue(all, 'each of its errors reaches the process');
    },
  ),
  scenario(
    'values/own-objects',
    'what was read does not change, and changes to it reach nobody',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      await exchange.send(eventsAt(1, clock.now()));
      const read = readAll(router);
      const copy = structuredClone(read);
      router.subscribe(tamper);
      for (const n of [2, 3]) {
        await exchange.send(eventsAt(n, clock.now() + n));
        const now = structuredClone(readAll(router));
        assertEqual(read, copy, 'what was read before newer values came');
        assertEqual(
          now[0],
          sampleTicker(SYMBOL, n, clock.now() + n),
          'the ticker after a listener’s change',
        );
        tamper(readAll(router));
        assertEqual(readAll(router), now, 'what is read after a reader’s change');
      }
    },
  ),
  scenario(
    'values/latest',
    'a value of next year never is the latest; of two states with one asOf, the one that comes later is',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      const now = eventsAt(3, clock.now());
      await exchange.send(eventsAt(1, clock.now() + 9_000 * HOUR_MS));
      await exchange.send([{ type: 'candle', live: liveAt(clock.now(), 2) }, ...now]);
      assertEqual(readAll(router), now.map(readAlone), 'what is in memory');
    },
  ),
  scenario(
    'sizes/series',
    'many series are promised, and their values kept apart',
    async (subject) => {
      const symbols = Array.from({ length: MANY }, (_, i) => `KRW-${i}`);
      const { router, exchange } = await begin(subject, symbols);
      const promised = router.streams.map(({ key }) => key.symbol).sort();
      assertEqual(promised, [...symbols].sort(), 'the symbols that are promised');
      const tickers = symbols.map((symbol, n) => sampleTicker(symbol, n));
      await exchange.send(tickers.map((ticker) => ({ type: 'ticker', ticker })));
      for (const ticker of tickers)
        assertEqual(router.getTicker(ticker.symbol), ticker, 'a ticker');
    },
  ),
  scenario(
    'clock/steps',
    'a clock that is set moves no sign of life, ahead or back',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      for (const stepMs of [9 * HOUR_MS, -9 * HOUR_MS, -90_000]) {
        await exchange.send(eventsAt(1, clock.now()));
        clock.setWallTime(clock.now() + stepMs);
        await exchange.cut();
        clock.advance(MINUTE_MS);
        const { lastSeen = clock.now() - MINUTE_MS } = router;
        assertSilent(clock.now() - lastSeen, `lastSeen, after the clock was set by ${stepMs} ms,`);
        await exchange.notice();
        const { since } = router.connection;
        assertSilent(clock.now() - since, `the loss, after the clock was set by ${stepMs} ms,`);
        await exchange.connect([]);
      }
    },
  ),
];

/** Connected, following a series of each symbol. */
async function begin({ underTest }: RouterSubject, symbols: readonly string[] = [SYMBOL]) {
  await underTest.exchange.connect([]);
  for (const symbol of symbols) await underTest.exchange.watch({ ...KEY, symbol }, undefined);
  return underTest;
}

/** Clocks and the time that has passed differ by a little. */
function assertSilent(agoMs: number, what: string): void {
  assertTrue(
    agoMs >= MINUTE_MS - 2_000,
    `${what} is from before a minute of silence, not ${agoMs} ms ago`,
  );
}

/** A value of each kind of an instant. */
function eventsAt(n: number, at: EpochMs): MarketEvent[] {
  return [
    { type: 'ticker', ticker: sampleTicker(SYMBOL, n, at) },
    { type: 'orderBook', book: sampleBook(SYMBOL, n, at) },
    { type: 'trades', symbol: SYMBOL, trades: [sampleTrade(n, at)] },
    { type: 'candle', live: liveAt(at, n) },
  ];
}

function liveAt(at: EpochMs, volume: number): LiveCandle {
  const timestamp = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  return { key: KEY, candle: { timestamp, open: 3, high: 4, low: 2, close: 3, volume }, asOf: at };
}

function readAll(router: ISmartRouter): unknown[] {
  const [ticker, book] = [router.getTicker(SYMBOL), router.getOrderBook(SYMBOL)];
  return [ticker, book, router.getTrades(SYMBOL), router.getCandles(KEY)];
}

/** What is read when an event came alone. */
function readAlone(event: MarketEvent): unknown {
  if (event.type === 'ticker') return event.ticker;
  if (event.type === 'orderBook') return event.book;
  return event.type === 'trades' ? event.trades : [event.live];
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
