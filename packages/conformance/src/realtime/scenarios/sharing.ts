import type { IRealtimeCache, RealtimeEvent, TradeReplay } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { greet } from '../model/greeting.ts';
import { Patience } from '../patience.ts';
import {
  type RealtimeScenario,
  scenario,
  shared,
  sharedByProcesses,
} from '../realtime-scenario.ts';
import { assertEmpty, type RealtimeState, stateOf } from '../realtime-state.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

export const sharingScenarios: readonly RealtimeScenario[] = [
  scenario(
    'sharing/processes',
    'another process has what this one wrote, and hears of it, and the other way round',
    async (realtime, context) => {
      const patience = new Patience(realtime);
      const elsewhere = await context.startProcess(realtime);
      await elsewhere.listen('subscribe', {});
      await greet([realtime], patience);
      // Until the connections on which changes are heard of stand.
      await patience.until(async () => {
        await realtime.tickers.set(sampleTicker(0, 'a greeting'));
        return elsewhere.events.length > 0;
      });
      const heard: RealtimeEvent[] = [];
      realtime.subscribe({ symbols: [SYMBOL] }, (event) => heard.push(event));
      const theirs = {
        ticker: sampleTicker(5),
        orderBook: sampleBook(5, SYMBOL, 30),
        trades: sampleTrades(0, 20),
      };
      await elsewhere.call('tickers.set', theirs.ticker);
      await elsewhere.call('orderBooks.set', theirs.orderBook);
      await elsewhere.call('trades.append', SYMBOL, theirs.trades);
      const expected = eventsOf(theirs);
      await patience.until(() => heard.length >= expected.length);
      assertEqual(heard, expected, 'what is heard of their writes');
      assertEqual(await stateOf(realtime), theirs, 'what they wrote');
      assertEqual(await realtime.tickers.set(sampleTicker(4)), 'stale', 'an older ticker');
      const { cursor } = await realtime.trades.replay(SYMBOL);
      const added = await realtime.trades.append(SYMBOL, sampleTrades(15, 30));
      assertEqual(added, { added: 10, duplicates: 5 }, 'trades, some of which they have added');
      const replay = (await elsewhere.call('trades.replay', SYMBOL, {
        after: cursor,
      })) as TradeReplay;
      const { trades, gap } = replay;
      assertEqual(
        { trades, gap },
        { trades: sampleTrades(20, 30), gap: false },
        'a replay over there, after a cursor of ours',
      );
      await realtime.tickers.set(sampleTicker(6));
      const ours = eventsOf({ ticker: sampleTicker(6), trades: sampleTrades(20, 30) }).reverse();
      const theyHeard = () => elsewhere.events.filter((event) => !isGreeting(event));
      await patience.until(() => theyHeard().length >= expected.length + ours.length);
      assertEqual(theyHeard(), [...expected, ...ours], 'what they have heard');
      const readThere = await elsewhere.call('tickers.get', SYMBOL);
      assertEqual(readThere, sampleTicker(6), 'our ticker over there');
      await elsewhere.call('orderBooks.delete', SYMBOL);
      await patience.until(async () => (await realtime.orderBooks.get(SYMBOL)) === undefined);
      const left = { ticker: sampleTicker(6), orderBook: undefined, trades: sampleTrades(0, 30) };
      assertEqual(await stateOf(realtime), left, 'after they deleted the book');
      await elsewhere.kill();
      assertEqual(await stateOf(realtime), left, 'after their process was killed');
    },
    sharedByProcesses,
  ),
  scenario(
    'sharing/at-once',
    'what two handles write at once is kept and told as if one had',
    async (realtime, context) => {
      const other = await context.openBeside(realtime);
      const handles = [realtime, other];
      const patience = new Patience(realtime);
      await greet(handles, patience);
      const heard = handles.map((handle) => idsHeard(handle));
      const results = await Promise.all(
        [3, 9, 1, 8, 9, 0, 7].flatMap((at, i) =>
          handles.map(async (handle, which) => {
            await handle.tickers.set(sampleTicker(2 * at + which));
            await handle.orderBooks.set(sampleBook(2 * at + which));
            const from = 5 * ((i + which) % 7);
            return (await handle.trades.append(SYMBOL, sampleTrades(from, from + 10))).added;
          }),
        ),
      );
      const total = results.reduce((sum, added) => sum + added, 0);
      assertEqual(total, 40, 'how many trades were added');
      const expected = {
        ticker: sampleTicker(19),
        orderBook: sampleBook(19),
        trades: sampleTrades(0, 40),
      };
      const ids = expected.trades.map(({ id }) => id).sort();
      for (const [i, handle] of handles.entries()) {
        const isThere = async () => (await handle.tickers.get(SYMBOL))?.price === 1e6 + 19;
        await patience.until(async () => (await isThere()) && (heard[i]?.length ?? 0) >= 40);
        assertEqual(await stateOf(handle), expected, `what handle ${i} has`);
        assertEqual(heard[i]?.toSorted(), ids, `the trades that handle ${i} has heard of`);
      }
      await other.close();
      assertEqual(await stateOf(realtime), expected, 'after the other was closed');
      await realtime.clear();
      await assertEmpty(await context.openBeside(realtime), 'another handle after clear');
    },
    shared,
  ),
];

function eventsOf({ ticker, orderBook, trades }: Partial<RealtimeState>) {
  const all = [
    ticker && { type: 'ticker', ticker },
    orderBook && { type: 'orderBook', book: orderBook },
    trades && { type: 'trades', symbol: SYMBOL, trades },
  ];
  return all.filter((event) => event !== undefined);
}

function isGreeting(event: unknown): boolean {
  return JSON.stringify(event).includes('a greeting');
}

function idsHeard(realtime: IRealtimeCache): string[] {
  const ids: string[] = [];
  realtime.subscribe({ types: ['trades'], symbols: [SYMBOL, OTHER] }, (event) => {
    if (event.type === 'trades') ids.push(...event.trades.map(({ id }) => id));
    else if (event.type === 'lagged') assertTrue(false, 'nothing was lost on the way');
  });
  return ids;
}
