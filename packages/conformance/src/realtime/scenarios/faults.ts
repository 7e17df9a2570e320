import { BarkeepError } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent } from '@barkeep/realtime';
import { assertEqual, assertTrue, ConformanceError } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { Patience } from '../patience.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { type RealtimeState, stateOf } from '../realtime-state.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

/** Each with what it leaves when it is done. */
const WRITES: Readonly<
  Record<string, readonly [(realtime: IRealtimeCache) => Promise<unknown>, Partial<RealtimeState>]>
> = {
  'tickers.set': [({ tickers }) => tickers.set(sampleTicker(9)), { ticker: sampleTicker(9) }],
  'orderBooks.set': [
    ({ orderBooks }) => orderBooks.set(sampleBook(9, SYMBOL, 30)),
    { orderBook: sampleBook(9, SYMBOL, 30) },
  ],
  'trades.append': [
    ({ trades }) => trades.append(SYMBOL, sampleTrades(3, 40)),
    { trades: sampleTrades(0, 40) },
  ],
};

export const faultScenarios: readonly RealtimeScenario[] = [
  scenario(
    'faults/writes',
    'a write during which something below fails has happened as a whole, or not at all',
    async (realtime, context) => {
      const patience = new Patience(realtime);
      for (const fault of context.faults) {
        let failures = 0;
        for (const [name, [write, done]] of Object.entries(WRITES)) {
          const what = `${name} with ${fault}`;
          await realtime.clear();
          await realtime.tickers.set(sampleTicker());
          await realtime.orderBooks.set(sampleBook());
          await realtime.trades.append(SYMBOL, sampleTrades(0, 5));
          const before = await stateOf(realtime);
          const events: RealtimeEvent[] = [];
          const stop = realtime.subscribe({}, (event) => events.push(event));
          const end = await context.beginFault(fault, realtime);
          const failure = await write(realtime).then(
            () => undefined,
            (error: unknown) => error ?? 'nothing',
          );
          await end();
          const after = await stateOf(realtime);
          const isDone = isEqual(after, { ...before, ...done });
          if (failure === undefined) assertTrue(isDone, `${what}: what resolved is there`);
          else {
            failures += 1;
            assertTrue(BarkeepError.is(failure), `${what}: it rejects with a BarkeepError`);
          }
          if (!isDone && !isEqual(after, before)) {
            throw new ConformanceError(`${what}: what it left is neither before nor after it`);
          }
          await realtime.tickers.set(sampleTicker(0, OTHER));
          await patience.until(() => events.length >= (isDone ? 2 : 1));
          stop();
          assertEqual(events.length, isDone ? 2 : 1, `${what}: how many events there are`);
          await write(realtime);
          const written = { ...before, ...done };
          assertEqual(await stateOf(realtime), written, `${name} after ${fault}`);
        }
        assertTrue(failures > 0, `${fault} makes at least one of the writes fail`);
      }
    },
    {
      requires: (_, { faults }) =>
        faults === undefined ? 'its harness knows no faults of what lies below' : undefined,
    },
  ),
];
