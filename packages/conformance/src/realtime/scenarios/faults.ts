import { BarkeepError } from '@barkeep/core';
import type { RealtimeEvent } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { needs } from '../../conformance-suite.ts';
import { isEqual } from '../../is-equal.ts';
import { Patience } from '../patience.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { PARTS, stateOf } from '../realtime-state.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

export const faultScenarios: readonly RealtimeScenario[] = [
  scenario(
    'faults/writes',
    'a write during which something below fails has happened as a whole, or not at all',
    async (realtime, context) => {
      const { tickers, orderBooks, trades } = realtime;
      const patience = new Patience(realtime, context);
      const done = {
        tickers: [sampleTicker(9)],
        orderBooks: [sampleBook(9, SYMBOL, 30)],
        trades: sampleTrades(0, 40),
      };
      const writes = {
        tickers: () => tickers.set(sampleTicker(9)),
        orderBooks: () => orderBooks.set(sampleBook(9, SYMBOL, 30)),
        trades: () => trades.append(SYMBOL, sampleTrades(3, 40)),
      };
      for (const fault of context.faults) {
        let failures = 0;
        for (const { name, write } of PARTS) {
          const what = `${name} with ${fault}`;
          await realtime.clear();
          for (const part of PARTS) await part.write(realtime, 0);
          await trades.append(SYMBOL, sampleTrades(1, 5));
          const before = await stateOf(realtime);
          const events: RealtimeEvent[] = [];
          const stop = realtime.subscribe({}, (event) => events.push(event));
          const end = await context.beginFault(fault, realtime);
          const [outcome] = await Promise.allSettled([writes[name]()]);
          await end();
          const after = await stateOf(realtime);
          const isDone = isEqual(after[name], done[name]);
          assertEqual(after, { ...before, ...(isDone && { [name]: done[name] }) }, what);
          if (outcome.status === 'fulfilled') assertTrue(isDone, `${what}: what resolved is there`);
          else {
            failures += 1;
            assertTrue(BarkeepError.is(outcome.reason), `${what}: it fails with a BarkeepError`);
          }
          await write(realtime, 0, OTHER);
          await patience.until(() => events.length >= (isDone ? 2 : 1));
          stop();
          assertEqual(events.length, isDone ? 2 : 1, `${what}: how many events there are`);
          await writes[name]();
          assertEqual((await stateOf(realtime))[name], done[name], `${name} after ${fault}`);
        }
        assertTrue(failures > 0, `${fault} makes at least one of the writes fail`);
      }
    },
    needs('faults'),
  ),
];
