import { validateRouterEvent } from '@barkeep/source';
import { assertEqual, assertTrue } from '../../../assertions.ts';
import { captureUncaughtErrors } from '../../../capture-uncaught-errors.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrade } from '../../../realtime/sample-market.ts';
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

export const subscribeScenarios: readonly RouterScenario[] = [
  scenario('subscribe/later-only', 'nothing is told of what came before', async (session) => {
    await session.begin();
    await session.send(tickerEvent(1), bookEvent(1), tradesEvent([1]), candleEvent());
    const heard: unknown[] = [];
    session.router.subscribe((event) => heard.push(event));
    assertEqual(heard, [], 'at once');
    await session.send(tickerEvent(2));
    assertEqual(heard, [tickerEvent(2)], 'what came after');
  }),
  scenario(
    'subscribe/everyone',
    'every subscriber hears everything, also the same function twice',
    async (session) => {
      let calls = 0;
      const listener = (): void => {
        calls += 1;
      };
      await session.begin();
      session.router.subscribe(listener);
      session.router.subscribe(listener);
      await session.send(tickerEvent(1));
      assertEqual(calls, 2, 'the calls');
    },
  ),
  scenario(
    'subscribe/unsubscribe',
    'after it took itself off, a subscriber hears nothing',
    async (session) => {
      const heard: unknown[] = [];
      await session.begin();
      const unsubscribe = session.router.subscribe((event) => heard.push(event));
      await session.send(tickerEvent(1));
      unsubscribe();
      unsubscribe();
      await session.send(tickerEvent(2));
      await session.lose();
      assertEqual(heard, [tickerEvent(1)], 'what it heard');
      const others = session.events.filter(({ type }) => type === 'ticker');
      assertEqual(others, [tickerEvent(1), tickerEvent(2)], 'what another one heard');
    },
  ),
  scenario(
    'subscribe/throwing',
    'a subscriber that throws disturbs neither the router nor others',
    async (session) => {
      const problem = new Error('a mistake of the subscriber');
      await session.begin();
      const errors = await captureUncaughtErrors(async () => {
        const unsubscribe = session.router.subscribe(() => {
          throw problem;
        });
        const heard: unknown[] = [];
        session.router.subscribe((event) => heard.push(event));
        await session.send(tickerEvent(1));
        unsubscribe();
        assertEqual(heard, [tickerEvent(1)], 'what another one heard');
      });
      assertEqual(session.router.getTicker(SYMBOL), sampleTicker(1), 'the ticker');
      assertTrue(errors.length === 1 && errors[0] === problem, 'its error reaches the process');
    },
  ),
  scenario(
    'subscribe/read-inside',
    'what a subscriber hears of can be read at once',
    async (session) => {
      const read: unknown[] = [];
      const { router } = session;
      await session.begin();
      router.subscribe(({ type }) => {
        if (type === 'ticker') read.push(router.getTicker(SYMBOL));
        if (type === 'orderBook') read.push(router.getOrderBook(SYMBOL));
        if (type === 'trades') read.push(router.getTrades(SYMBOL));
        if (type === 'candle') read.push(router.getCandles(KEY));
      });
      await session.send(tickerEvent(1), bookEvent(1), tradesEvent([1]), candleEvent());
      const expected = [sampleTicker(1), sampleBook(1), [sampleTrade(1)], [sampleLive()]];
      assertEqual(read, expected, 'what it read');
    },
  ),
  scenario('subscribe/valid', 'every event keeps the rules for events', async (session) => {
    await session.begin([KEY, { ...KEY, timeframe: '1w' }, { ...KEY, timeframe: '1M' }]);
    await session.send(tickerEvent(1), bookEvent(1), tradesEvent([1, 2]), candleEvent());
    await session.exchange.endStream?.({ ...KEY, timeframe: '1w' });
    await session.lose();
    session.pass(3 * MINUTE_MS);
    await session.reconnect();
    await session.close();
    for (const event of session.events) validateRouterEvent(event);
    assertTrue(session.events.length >= 9, 'there are many');
  }),
];
