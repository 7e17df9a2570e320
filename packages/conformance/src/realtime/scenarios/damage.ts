import type { IRealtimeCache } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

const damageable: Pick<RealtimeScenario, 'requires'> = {
  requires: (_, { damages }) =>
    damages === undefined ? 'its harness knows no way to damage what is kept' : undefined,
};

const SAMPLES = {
  tickers: {
    make: sampleTicker,
    set: ({ tickers }: IRealtimeCache, at: number, symbol?: string) =>
      tickers.set(sampleTicker(at, symbol)),
  },
  orderBooks: {
    make: sampleBook,
    set: ({ orderBooks }: IRealtimeCache, at: number, symbol?: string) =>
      orderBooks.set(sampleBook(at, symbol)),
  },
} as const;

/** What something else put where a value is kept. */
export const damageScenarios: readonly RealtimeScenario[] = [
  ...(['tickers', 'orderBooks'] as const).map((part) =>
    scenario(
      `damage/${part}`,
      `what something else put in the place of one of ${part} affects that one only, until the next write`,
      async (realtime, context) => {
        const { make, set } = SAMPLES[part];
        for (const [i, way] of context.damages.entries()) {
          const given = make(10 * i);
          await set(realtime, 10 * i);
          await set(realtime, 10 * i, OTHER);
          await context.damage(way, { kind: part, name: SYMBOL }, realtime);
          const { unreadable: before } = await realtime.stats();
          const [found, other] = await realtime[part].getMany([SYMBOL, OTHER]);
          assertEqual(other, make(10 * i, OTHER), `${way}: the other of getMany`);
          const one = await realtime[part].get(SYMBOL);
          // A copy in memory may be answered as long as it lives.
          for (const answer of [found, one]) {
            assertTrue(answer === undefined || isEqual(answer, given), `${way}: a miss or a copy`);
          }
          const { unreadable } = await realtime.stats();
          assertTrue(one !== undefined || unreadable > before, `${way}: it is counted`);
          assertEqual(await set(realtime, 10 * i + 1), 'stored', `${way}: the next write`);
          assertEqual(await realtime[part].get(SYMBOL), make(10 * i + 1), `${way}: get after it`);
          await context.damage(way, { kind: part, name: SYMBOL }, realtime);
          await realtime[part].delete(SYMBOL);
          assertEqual(await realtime[part].get(SYMBOL), undefined, `${way}: get after a delete`);
        }
      },
      damageable,
    ),
  ),
  scenario(
    'damage/trades',
    'what something else put in the place of trades affects their symbol only, until the next append',
    async (realtime, context) => {
      const { trades } = realtime;
      for (const [i, way] of context.damages.entries()) {
        const [from, to] = [10 * i, 10 * i + 5];
        await trades.append(SYMBOL, sampleTrades(from, to));
        await trades.append(OTHER, sampleTrades(from, to));
        const { cursor } = await trades.replay(SYMBOL);
        await trades.append(SYMBOL, sampleTrades(to, to + 1));
        await context.damage(way, { kind: 'trades', name: SYMBOL }, realtime);
        const { unreadable: before } = await realtime.stats();
        const left = await trades.recent(SYMBOL);
        const { unreadable } = await realtime.stats();
        const given = sampleTrades(from, to + 1);
        assertTrue(left.length < given.length, `${way}: not all trades are left`);
        assertTrue(unreadable > before, `${way}: it is counted`);
        const isGiven = left.every((trade) => given.some((one) => isEqual(one, trade)));
        assertTrue(isGiven, `${way}: only trades that were given are left`);
        const others = await trades.recent(OTHER, { limit: 5 });
        assertEqual(others, sampleTrades(from, to), `${way}: the trades of another symbol`);
        const added = await trades.append(SYMBOL, sampleTrades(to + 1, to + 4));
        assertEqual(added, { added: 3, duplicates: 0 }, `${way}: the next append`);
        const latest = await trades.recent(SYMBOL, { limit: 3 });
        assertEqual(latest, sampleTrades(to + 1, to + 4), `${way}: the latest after it`);
        const { gap } = await trades.replay(SYMBOL, { after: cursor });
        assertTrue(gap, `${way}: a replay reports the gap`);
        await context.damage(way, { kind: 'trades', name: SYMBOL }, realtime);
        await trades.delete(SYMBOL);
        assertEqual(await trades.recent(SYMBOL), [], `${way}: recent after a delete`);
      }
    },
    damageable,
  ),
];
