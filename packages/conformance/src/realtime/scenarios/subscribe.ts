import type { RealtimeEvent } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { Patience } from '../patience.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { eventsOf, stateOf } from '../realtime-state.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

/** What the model's listeners do not show. */
export const subscribeScenarios: readonly RealtimeScenario[] = [
  scenario(
    'subscribe/listeners',
    'each subscription is one, and ends when it is ended',
    async (realtime, context) => {
      const patience = new Patience(realtime, context);
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
    async (realtime, context) => {
      const problem = new Error('a mistake of the subscriber');
      const heard: RealtimeEvent[] = [];
      const errors = await captureUncaughtErrors(async () => {
        realtime.subscribe({}, () => {
          throw problem;
        });
        realtime.subscribe({}, (event) => heard.push(event));
        assertEqual(await realtime.tickers.set(sampleTicker()), 'stored', 'the write');
        await new Patience(realtime, context).until(() => heard.length > 0);
      });
      assertEqual(heard, eventsOf({ tickers: [sampleTicker()] }), 'what the other has heard');
      assertTrue(errors.length === 1 && errors[0] === problem, 'its error reaches the process');
    },
  ),
  scenario(
    'subscribe/values-apart',
    'neither the caller’s objects nor what a reader does to answers changes what is kept or told',
    async (realtime, context) => {
      const heard: RealtimeEvent[] = [];
      const symbols = [SYMBOL];
      realtime.subscribe({ symbols }, (event) => heard.push(event));
      symbols[0] = OTHER;
      const kept = {
        tickers: [sampleTicker()],
        orderBooks: [sampleBook()],
        trades: sampleTrades(0, 3),
      };
      const given = structuredClone(kept);
      const [ticker = sampleTicker()] = given.tickers;
      const [book = sampleBook()] = given.orderBooks;
      const writes = [
        realtime.tickers.set(ticker),
        realtime.orderBooks.set(book),
        realtime.trades.append(SYMBOL, given.trades),
      ];
      spoil(given);
      await Promise.all(writes);
      spoil(given);
      assertTrue(!Object.isFrozen(ticker), 'the caller’s ticker is not frozen');
      await new Patience(realtime, context).until(() => heard.length >= 3);
      const answer = await stateOf(realtime);
      assertEqual(answer, kept, 'what is kept');
      assertEqual(heard, eventsOf(kept), 'what was told');
      spoil(answer);
      spoil(await realtime.orderBooks.get(SYMBOL, { depth: 2 }));
      spoil(await realtime.trades.replay(SYMBOL));
      assertEqual(await stateOf(realtime), kept, 'what is kept after answers were changed');
    },
  ),
];

/** Changes all that it can of a value: what is frozen stays. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    spoil(part);
    if (typeof part === 'number') Reflect.set(value, name, part + 1);
  }
  if (Array.isArray(value)) Reflect.set(value, 'length', Math.min(1, value.length));
}
