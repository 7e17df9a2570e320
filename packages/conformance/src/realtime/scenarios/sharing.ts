import type { IRealtimeCache, RealtimeEvent, TradeReplay } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { GREETING, Patience } from '../patience.ts';
import {
  type RealtimeContext,
  type RealtimeScenario,
  scenario,
  shared,
  sharedByProcesses,
} from '../realtime-scenario.ts';
import { assertEmpty, eventsOf, type RealtimeState, stateOf } from '../realtime-state.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

export const sharingScenarios: readonly RealtimeScenario[] = [
  scenario(
    'sharing/at-once',
    'of what is written at a time the newest stays, trades are added once, and appends seen as a whole',
    async (realtime, context) => void (await writeAtOnce([realtime], context)),
  ),
  scenario(
    'sharing/handles',
    'also when two handles write, of which one is closed after that',
    async (realtime, context) => {
      const other = await context.openBeside(realtime);
      const written = await writeAtOnce([realtime, other], context);
      await other.close();
      assertEqual(await stateOf(realtime), written, 'after the other was closed');
      await realtime.clear();
      await assertEmpty(await context.openBeside(realtime), 'another handle after clear');
    },
    shared,
  ),
  scenario(
    'sharing/processes',
    'another process has what this one wrote, and hears of it, and the other way round',
    async (realtime, context) => {
      const patience = new Patience(realtime, context);
      const elsewhere = await context.startProcess(realtime);
      await elsewhere.listen('subscribe', {});
      await patience.greet([realtime], () => elsewhere.events.length > 0);
      const heard: RealtimeEvent[] = [];
      realtime.subscribe({ symbols: [SYMBOL] }, (event) => heard.push(event));
      const theirs = {
        tickers: [sampleTicker(5)],
        orderBooks: [sampleBook(5, SYMBOL, 30)],
        trades: sampleTrades(0, 20),
      };
      await elsewhere.call('tickers.set', sampleTicker(5));
      await elsewhere.call('orderBooks.set', sampleBook(5, SYMBOL, 30));
      await elsewhere.call('trades.append', SYMBOL, theirs.trades);
      const expected = eventsOf(theirs);
      await patience.until(() => heard.length >= expected.length);
      assertEqual(heard, expected, 'what is heard of their writes');
      assertEqual(await stateOf(realtime), theirs, 'what they wrote');
      assertEqual(await realtime.tickers.set(sampleTicker(4)), 'stale', 'an older ticker');
      await realtime.tickers.set(sampleTicker(6));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      const added = await realtime.trades.append(SYMBOL, sampleTrades(15, 30));
      assertEqual(added, { added: 10, duplicates: 5 }, 'trades, some of which they have added');
      const after = { after: cursor };
      const replay = (await elsewhere.call('trades.replay', SYMBOL, after)) as TradeReplay;
      const news = { tickers: [sampleTicker(6)], trades: sampleTrades(20, 30) };
      assertEqual(replay.trades, news.trades, 'their replay after a cursor of ours');
      assertTrue(!replay.gap, 'it has no gap');
      expected.push(...eventsOf(news));
      const theyHeard = () =>
        elsewhere.events.filter((event) => !JSON.stringify(event).includes(GREETING));
      await patience.until(() => theyHeard().length >= expected.length);
      assertEqual(theyHeard(), expected, 'what they have heard');
      assertEqual(await elsewhere.call('tickers.get', SYMBOL), sampleTicker(6), 'our ticker there');
      await elsewhere.call('orderBooks.delete', SYMBOL);
      await patience.until(async () => (await realtime.orderBooks.get(SYMBOL)) === undefined);
      await elsewhere.kill();
      const left = { tickers: [sampleTicker(6)], orderBooks: [], trades: sampleTrades(0, 30) };
      assertEqual(await stateOf(realtime), left, 'after a delete of theirs, and their end');
    },
    sharedByProcesses,
  ),
];

/** Writes on all handles at a time, and asserts what each has then, and has heard. */
async function writeAtOnce(
  handles: readonly [IRealtimeCache, ...IRealtimeCache[]],
  context: Pick<RealtimeContext, 'arrivalMs'>,
): Promise<RealtimeState> {
  const patience = new Patience(handles[0], context);
  await patience.greet(handles);
  const heard = handles.map((handle) => {
    const ids: string[] = [];
    handle.subscribe({ types: ['trades'] }, (event) => {
      if (event.type === 'trades') ids.push(...event.trades.map(({ id }) => id));
    });
    return ids;
  });
  const seen: Promise<number>[] = [];
  const results = await Promise.all(
    [3, 9, 1, 8, 9, 0, 7].flatMap((at, i) =>
      handles.map(async ({ tickers, orderBooks, trades }, which) => {
        const from = 5 * ((i + which) % 7);
        const writes = [tickers.set(sampleTicker(at)), orderBooks.set(sampleBook(at))];
        const appending = trades.append(SYMBOL, sampleTrades(from, from + 10));
        seen.push(trades.recent(SYMBOL).then(({ length }) => length));
        await Promise.all(writes);
        return (await appending).added;
      }),
    ),
  );
  const total = results.reduce((sum, added) => sum + added, 0);
  assertEqual(total, 40, 'how many trades were added');
  const counts = await Promise.all(seen);
  assertTrue(
    counts.every((count) => count % 5 === 0),
    `reads meanwhile see appends as a whole, five or ten trades each, not ${counts} trades`,
  );
  const expected = {
    tickers: [sampleTicker(9)],
    orderBooks: [sampleBook(9)],
    trades: sampleTrades(0, 40),
  };
  const ids = expected.trades.map(({ id }) => id).sort();
  for (const [i, handle] of handles.entries()) {
    const hasAll = async () => isEqual(await stateOf(handle), expected);
    await patience.until(async () => (await hasAll()) && heard[i]?.length === ids.length);
    assertEqual(await stateOf(handle), expected, `what handle ${i} has`);
    assertEqual(heard[i]?.toSorted(), ids, `the trades that handle ${i} has heard of`);
  }
  return expected;
}
