import type { EpochMs, SeriesKey } from '@barkeep/core';
import type { ISmartRouter, MarketEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { valuesOf } from './latest-values.ts';
import { type RouterCommand, routerCommands } from './router-command.ts';
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
const SHARE_OF_RUNS = 0.3;

const { scenario, bareScenario } = scenarioMaker<RouterSubject>('router');

export const routerScenarios: readonly Scenario<RouterSubject>[] = [
  bareScenario(
    'model/promises-kept',
    'whatever happens to the connection, a listener that believes the promises knows every candle',
    (context) => {
      const run = async (commands: readonly RouterCommand[]): Promise<void> => {
        const subject = await context.open();
        await new RouterModelRun(subject, context.clock).execute(commands);
        await subject.close();
      };
      return checkModel(context.model, routerCommands, run, SHARE_OF_RUNS);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'subscribe/everyone',
    'a subscriber hears everything from then on, whatever others do, and can read it at once',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      const heard: unknown[][] = [];
      const listener = (): void => void heard.push(readAll(router));
      const mistake = new Error('a mistake of a subscriber');
      await exchange.send(eventsAt(1, clock.now()));
      const unsubscribe = router.subscribe(listener);
      assertEqual(heard, [], 'what a subscriber hears of what came before');
      let unsubscribeOther = (): void => undefined;
      unsubscribeOther = router.subscribe(() => {
        unsubscribeOther();
        if (heard.length < 2) throw mistake;
      });
      router.subscribe(listener);
      const [first, ...others] = eventsAt(2, clock.now() + 1);
      const errors = await captureUncaughtErrors(async () => exchange.send([first]));
      assertTrue(errors.length === 1 && errors[0] === mistake, 'its error reaches the process');
      assertEqual(heard.length, 2, 'how often a function hears one event that subscribed twice');
      unsubscribe();
      unsubscribe();
      await exchange.send(others);
      assertEqual(heard.length, 2 + others.length, 'the same after it took itself off once');
      assertEqual(heard.at(-1), readAll(router), 'what it read when it heard the last event');
    },
  ),
  scenario(
    'values/latest',
    'a value of next year never is the latest; of two states with one asOf, the one that comes later is',
    async (subject, { clock }) => {
      const { router, exchange } = await begin(subject);
      const now = clock.now();
      await exchange.send(eventsAt(1, now + 9_000 * HOUR_MS));
      await exchange.send([...eventsAt(2, now).slice(-1), ...eventsAt(3, now)]);
      const latest = eventsAt(3, now).flatMap((event) => valuesOf(event).map(({ value }) => value));
      assertEqual(readAll(router), latest, 'what is in memory');
    },
  ),
  scenario('sizes/series', 'many series are promised and kept apart', async (subject) => {
    const symbols = Array.from({ length: MANY }, (_, i) => `KRW-${i}`);
    const { router, exchange } = await begin(subject, symbols);
    const promised = router.streams.map(({ key }) => key.symbol).sort();
    assertEqual(promised, [...symbols].sort(), 'the symbols that are promised');
    const tickers = symbols.map((symbol, n) => sampleTicker(symbol, n));
    await exchange.send(tickers.map((ticker) => ({ type: 'ticker', ticker })));
    const kept = symbols.map((symbol) => router.getTicker(symbol));
    assertEqual(kept, tickers, 'the tickers in memory');
  }),
  scenario('clock/steps', 'setting a clock moves no sign of life', async (subject, { clock }) => {
    const { router, exchange } = await begin(subject);
    for (const stepMs of [9 * HOUR_MS, -9 * HOUR_MS, -90_000]) {
      await exchange.send(eventsAt(1, clock.now()));
      clock.setWallTime(clock.now() + stepMs);
      await exchange.cut();
      clock.advance(MINUTE_MS);
      const { lastSeen = 0 } = router;
      await exchange.notice();
      const agoMs = clock.now() - Math.max(lastSeen, router.connection.since);
      const what = `the last sign of life is a minute ago, not ${agoMs} ms, when a clock was set by`;
      assertTrue(agoMs >= MINUTE_MS - 2_000, `${what} ${stepMs} ms`);
      await exchange.connect([]);
    }
  }),
];

/** Connected, following a series of each symbol. */
async function begin({ underTest }: RouterSubject, symbols: readonly string[] = [SYMBOL]) {
  await underTest.exchange.connect([]);
  for (const symbol of symbols) await underTest.exchange.watch({ ...KEY, symbol }, undefined);
  return underTest;
}

/** A value of each kind of an instant. */
function eventsAt(n: number, at: EpochMs): [MarketEvent, ...MarketEvent[]] {
  const timestamp = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const candle = { timestamp, open: 3, high: 4, low: 2, close: 3, volume: n };
  return [
    { type: 'ticker', ticker: sampleTicker(SYMBOL, n, at) },
    { type: 'orderBook', book: sampleBook(SYMBOL, n, at) },
    { type: 'trades', symbol: SYMBOL, trades: [sampleTrade(n, at)] },
    { type: 'candle', live: { key: KEY, candle, asOf: at } },
  ];
}

function readAll(router: ISmartRouter): unknown[] {
  const [ticker, book] = [router.getTicker(SYMBOL), router.getOrderBook(SYMBOL)];
  return [ticker, book, ...router.getTrades(SYMBOL), ...router.getCandles(KEY)];
}
