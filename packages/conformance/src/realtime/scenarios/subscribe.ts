import type { RealtimeEvent } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { Patience } from '../patience.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { stateOf } from '../realtime-state.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

/** What the model's listeners do not show. */
export const subscribeScenarios: readonly RealtimeScenario[] = [
  scenario(
    'subscribe/listeners',
    'each subscription is one, and ends when it is ended',
    async (realtime) => {
      const patience = new Patience(realtime);
      const heard: string[] = [];
      const first = (): void => void heard.push('first');
      const stopFirst = realtime.subscribe({}, first);
      realtime.subscribe({ types: ['ticker'] }, () => heard.push('second'));
      const stopAgain = realtime.subscribe({}, first);
      const hear = async (at: number, expected: readonly string[]): Promise<void> => {
        heard.length = 0;
        await realtime.tickers.set(sampleTicker(at));
        await patience.until(() => heard.length >= expected.length);
        assertEqual(heard.toSorted(), expected, `which listeners heard of write ${at}`);
      };
      await hear(1, ['first', 'first', 'second']);
      stopFirst();
      stopFirst();
      await hear(2, ['first', 'second']);
      stopAgain();
      await hear(3, ['second']);
    },
  ),
  scenario(
    'subscribe/throwing',
    'a subscriber that throws disturbs neither writes nor others',
    async (realtime) => {
      const problem = new Error('a mistake of the subscriber');
      const heard: RealtimeEvent[] = [];
      const errors = await captureUncaughtErrors(async () => {
        realtime.subscribe({}, () => {
          throw problem;
        });
        realtime.subscribe({}, (event) => heard.push(event));
        assertEqual(await realtime.tickers.set(sampleTicker()), 'stored', 'the write');
        await new Patience(realtime).until(() => heard.length > 0);
      });
      const expected = [{ type: 'ticker', ticker: sampleTicker() }];
      assertEqual(heard, expected, 'the events of the other subscriber');
      assertTrue(errors.length === 1 && errors[0] === problem, 'its error reaches the process');
    },
  ),
  scenario(
    'subscribe/values-apart',
    'neither the caller’s objects nor what a reader does to answers changes what is kept or told',
    async (realtime) => {
      const heard: RealtimeEvent[] = [];
      const symbols = [SYMBOL];
      realtime.subscribe({ symbols }, (event) => heard.push(event));
      symbols[0] = OTHER;
      const [ticker, book, trades] = [
        { ...sampleTicker() },
        structuredClone(sampleBook()),
        sampleTrades(0, 3),
      ];
      const writes = [
        realtime.tickers.set(ticker),
        realtime.orderBooks.set(book),
        realtime.trades.append(SYMBOL, trades),
      ];
      for (const change of [false, true]) {
        if (change) await Promise.all(writes);
        ticker.price += 1;
        Reflect.set(book.bids[0] ?? {}, 'price', 1);
        Reflect.set(book.asks, 'length', 0);
        Reflect.set(trades[0] ?? {}, 'price', 1);
        trades.pop();
      }
      assertTrue(!Object.isFrozen(ticker), 'the caller’s ticker is not frozen');
      await new Patience(realtime).until(() => heard.length >= 3);
      const expected = { ticker: sampleTicker(), orderBook: sampleBook() };
      const kept = { ...expected, trades: sampleTrades(0, 3) };
      const answer = await stateOf(realtime);
      assertEqual(answer, kept, 'what is kept');
      const events = [
        { type: 'ticker', ticker: sampleTicker() },
        { type: 'orderBook', book: sampleBook() },
        { type: 'trades', symbol: SYMBOL, trades: sampleTrades(0, 3) },
      ];
      assertEqual(heard, events, 'what was told');
      Reflect.set(answer.ticker ?? {}, 'price', 1);
      for (const levels of [answer.orderBook?.bids, answer.orderBook?.asks]) {
        Reflect.set(levels?.[0] ?? {}, 'price', 1);
        Reflect.set(levels ?? [], 'length', 1);
      }
      const cut = await realtime.orderBooks.get(SYMBOL, { depth: 2 });
      Reflect.set(cut?.bids[0] ?? {}, 'price', 1);
      Reflect.set(answer.trades[0] ?? {}, 'price', 1);
      answer.trades.length = 1;
      const { trades: replayed } = await realtime.trades.replay(SYMBOL);
      Reflect.set(replayed[0] ?? {}, 'price', 1);
      assertEqual(await stateOf(realtime), kept, 'what is kept after answers were changed');
    },
  ),
];
