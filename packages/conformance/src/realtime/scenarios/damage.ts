import type { IRealtimeCache } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

const damageable: Pick<RealtimeScenario, 'requires'> = {
  requires: (_, harness) =>
    harness?.damages === undefined ? 'nothing else can get at what it keeps' : undefined,
};

const MAKE = { tickers: sampleTicker, orderBooks: sampleBook } as const;

/** What something else put where a value is kept. */
export const damageScenarios: readonly RealtimeScenario[] = [
  ...(['tickers', 'orderBooks'] as const).map((name) =>
    scenario(
      `damage/${name}`,
      `what something else put in the place of one of ${name} affects that one only, until the next write`,
      async (realtime, context) => {
        const make = MAKE[name];
        const set = (at: number, symbol: string): Promise<string> =>
          name === 'tickers'
            ? realtime.tickers.set(sampleTicker(at, symbol))
            : realtime.orderBooks.set(sampleBook(at, symbol));
        for (const [i, way] of context.damages.entries()) {
          await set(10 * i, SYMBOL);
          await set(10 * i, OTHER);
          await context.damage(way, { kind: name, name: SYMBOL }, realtime);
          const { unreadable: before } = await realtime.stats();
          const [found, other] = await realtime[name].getMany([SYMBOL, OTHER]);
          assertEqual(other, make(10 * i, OTHER), `${way}: the other of getMany`);
          // A copy in memory may be answered as long as it lives.
          const isCopy = isEqual(found, make(10 * i));
          assertTrue(found === undefined || isCopy, `${way}: the damaged one of getMany`);
          const one = await realtime[name].get(SYMBOL);
          assertTrue(one === undefined || isEqual(one, make(10 * i)), `${way}: get`);
          const { unreadable } = await realtime.stats();
          assertTrue(one !== undefined || unreadable > before, `${way}: it is counted`);
          assertEqual(await set(10 * i + 1, SYMBOL), 'stored', `${way}: the next write`);
          assertEqual(await realtime[name].get(SYMBOL), make(10 * i + 1), `${way}: get after it`);
          await context.damage(way, { kind: name, name: SYMBOL }, realtime);
          await realtime[name].delete(SYMBOL);
          assertEqual(await realtime[name].get(SYMBOL), undefined, `${way}: get after a delete`);
        }
      },
      damageable,
    ),
  ),
  scenario(
    'damage/trades',
    'what something else put in the place of trades affects their symbol only, until the next append',
    async (realtime, context) => {
      for (const [i, way] of context.damages.entries()) {
        const [from, to] = [10 * i, 10 * i + 5];
        await append(realtime, from, to);
        await realtime.trades.append(OTHER, sampleTrades(from, to));
        const { cursor } = await realtime.trades.replay(SYMBOL);
        await append(realtime, to, to + 1);
        await context.damage(way, { kind: 'trades', name: SYMBOL }, realtime);
        const { unreadable: before } = await realtime.stats();
        const left = await realtime.trades.recent(SYMBOL);
        const { unreadable } = await realtime.stats();
        const given = sampleTrades(from, to + 1);
        assertTrue(left.length < given.length, `${way}: not all trades are left`);
        assertTrue(unreadable > before, `${way}: it is counted`);
        for (const trade of left) {
          assertTrue(
            given.some((one) => isEqual(one, trade)),
            `${way}: only trades that were given are left`,
          );
        }
        assertEqual(
          (await realtime.trades.recent(OTHER)).slice(-5),
          sampleTrades(from, to),
          `${way}: the trades of another symbol`,
        );
        const added = await append(realtime, to + 1, to + 4);
        assertEqual(added, { added: 3, duplicates: 0 }, `${way}: the next append`);
        const latest = await realtime.trades.recent(SYMBOL, { limit: 3 });
        assertEqual(latest, sampleTrades(to + 1, to + 4), `${way}: the latest after it`);
        const { gap } = await realtime.trades.replay(SYMBOL, { after: cursor });
        assertTrue(gap, `${way}: a replay reports the gap`);
        await context.damage(way, { kind: 'trades', name: SYMBOL }, realtime);
        await realtime.trades.delete(SYMBOL);
        assertEqual(await realtime.trades.recent(SYMBOL), [], `${way}: recent after a delete`);
      }
    },
    damageable,
  ),
];

function append(realtime: IRealtimeCache, from: number, to: number): Promise<unknown> {
  return realtime.trades.append(SYMBOL, sampleTrades(from, to));
}
