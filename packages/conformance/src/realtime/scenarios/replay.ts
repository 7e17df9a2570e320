import { DEFAULT_REALTIME_EXPIRY, type IRealtimeCache, type TradeReplay } from '@barkeep/realtime';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { OTHER, SYMBOL, sampleTrade, sampleTrades } from '../sample-market.ts';

export const replayScenarios: readonly RealtimeScenario[] = [
  scenario(
    'replay/all',
    'a replay without a cursor gives all that is kept, in the order of arrival',
    async (realtime) => {
      const arrived = [3, 1, 2].map((i) => sampleTrade(i));
      await realtime.trades.append(SYMBOL, arrived);
      await realtime.trades.append(SYMBOL, [sampleTrade(0)]);
      await assertReplay(realtime, undefined, [...arrived, sampleTrade(0)], false);
    },
  ),
  scenario(
    'replay/goes-on',
    'each replay goes on where the one before it ended',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const first = await assertReplay(realtime, undefined, sampleTrades(0, 3), false);
      const second = await assertReplay(realtime, first.cursor, [], false);
      await realtime.trades.append(SYMBOL, sampleTrades(2, 6));
      const third = await assertReplay(realtime, second.cursor, sampleTrades(3, 6), false);
      await assertReplay(realtime, third.cursor, [], false);
      await assertReplay(realtime, first.cursor, sampleTrades(3, 6), false);
    },
  ),
  scenario(
    'replay/late-arrival',
    'a trade that arrives late is replayed, though its timestamp is old',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(5, 8));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, [sampleTrade(1)]);
      await assertReplay(realtime, cursor, [sampleTrade(1)], false);
    },
  ),
  scenario(
    'replay/from-nothing',
    'a cursor taken before the first trade gives them all',
    async (realtime) => {
      const { cursor } = await assertReplay(realtime, undefined, [], false);
      await assertReplay(realtime, cursor, [], false);
      await realtime.trades.append(SYMBOL, sampleTrades(0, 4));
      await assertReplay(realtime, cursor, sampleTrades(0, 4), false);
    },
  ),
  scenario(
    'replay/own-symbol',
    'a replay gives the trades of its symbol only',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 2));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(OTHER, sampleTrades(5, 9));
      await realtime.trades.append(SYMBOL, sampleTrades(2, 3));
      await assertReplay(realtime, cursor, sampleTrades(2, 3), false);
    },
  ),
  scenario('replay/reading-changes-nothing', 'a replay takes nothing away', async (realtime) => {
    await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
    await realtime.trades.replay(SYMBOL);
    await assertReplay(realtime, undefined, sampleTrades(0, 3), false);
    assertEqual(await realtime.trades.recent(SYMBOL), sampleTrades(0, 3), 'recent');
  }),
  scenario(
    'replay/gap-by-bound',
    'trades that went unseen to keep the bound are a gap, seen ones are none',
    async (realtime) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      await realtime.trades.append(SYMBOL, sampleTrades(0, 2));
      const { cursor: early } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, sampleTrades(2, 2 + most));
      const { cursor: late } = await realtime.trades.replay(SYMBOL, { after: early });
      // Twice the bound: nothing of what the early cursor had not seen may be left, whatever slack.
      await realtime.trades.append(SYMBOL, sampleTrades(2 + most, 2 + 3 * most));
      const { gap } = await realtime.trades.replay(SYMBOL, { after: early });
      assertTrue(gap, 'unseen trades are gone: a gap');
      await realtime.trades.append(SYMBOL, [sampleTrade(10 * most)]);
      const { gap: gapOfLate } = await realtime.trades.replay(SYMBOL, { after: late });
      assertTrue(gapOfLate, 'a later cursor has lost trades too');
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, [sampleTrade(10 * most + 1)]);
      await assertReplay(realtime, cursor, [sampleTrade(10 * most + 1)], false);
    },
    {
      requires: ({ maxTradesPerSymbol }) =>
        maxTradesPerSymbol > 20_000 ? 'its bound takes too long to fill' : undefined,
    },
  ),
  scenario(
    'replay/gap-by-refusal',
    'trades of a call that the newest of it left no room for are a gap',
    async (realtime) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, sampleTrades(-2 * most, 0).reverse());
      const { gap, cursor: next } = await realtime.trades.replay(SYMBOL, { after: cursor });
      assertTrue(gap, 'the older ones of the call were never there: a gap');
      await assertReplay(realtime, next, [], false);
    },
    {
      requires: ({ maxTradesPerSymbol }) =>
        maxTradesPerSymbol > 20_000 ? 'its bound takes too long to fill' : undefined,
    },
  ),
  scenario(
    'replay/gap-by-expiry',
    'trades that expired unseen are a gap',
    async (realtime, context) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 2));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, sampleTrades(2, 4));
      await context.advance(DEFAULT_REALTIME_EXPIRY.tradesMs);
      await assertReplay(realtime, cursor, [], true);
      await realtime.trades.append(SYMBOL, sampleTrades(4, 6));
      await assertReplay(realtime, cursor, sampleTrades(4, 6), true);
    },
  ),
  scenario(
    'replay/no-gap-when-seen',
    'trades that expired after they were seen are no gap',
    async (realtime, context) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 4));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await context.advance(DEFAULT_REALTIME_EXPIRY.tradesMs);
      await realtime.trades.append(SYMBOL, sampleTrades(4, 6));
      await assertReplay(realtime, cursor, sampleTrades(4, 6), false);
    },
  ),
  scenario(
    'replay/gap-by-delete',
    'trades that were deleted unseen are a gap',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 2));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, sampleTrades(2, 4));
      await realtime.trades.delete(SYMBOL);
      await realtime.trades.append(SYMBOL, sampleTrades(4, 6));
      await assertReplay(realtime, cursor, sampleTrades(4, 6), true);
    },
  ),
  scenario('replay/gap-by-clear', 'trades that were cleared unseen are a gap', async (realtime) => {
    const { cursor } = await realtime.trades.replay(SYMBOL);
    await realtime.trades.append(SYMBOL, sampleTrades(0, 2));
    await realtime.clear();
    await realtime.trades.append(SYMBOL, sampleTrades(4, 6));
    await assertReplay(realtime, cursor, sampleTrades(4, 6), true);
  }),
  scenario(
    'replay/gap-by-restart',
    'a cursor from before a restart over nothing reports a gap',
    async (realtime, context) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const { cursor } = await realtime.trades.replay(SYMBOL);
      const next = await context.open();
      await next.trades.append(SYMBOL, sampleTrades(5, 7));
      await assertReplay(next, cursor, sampleTrades(5, 7), true);
    },
  ),
  ...['', 'nonsense', '1', '-1', 'null', '0'.repeat(300)].map((after) =>
    scenario(
      `replay/rejects-${after.slice(0, 10)}-${after.length}`,
      'a cursor no replay gave is refused',
      async (realtime) => {
        await assertRejects(
          () => realtime.trades.replay(SYMBOL, { after }),
          'INVALID_INPUT',
          'replay',
          {
            field: 'after',
          },
        );
      },
    ),
  ),
  scenario(
    'replay/rejects-other-types',
    'a cursor that is no text is refused',
    async (realtime) => {
      for (const after of [0, null, {}]) {
        const replay = (): Promise<TradeReplay> =>
          realtime.trades.replay(SYMBOL, { after: after as never });
        await assertRejects(replay, 'INVALID_INPUT', 'replay', { field: 'after' });
      }
    },
  ),
];

async function assertReplay(
  realtime: IRealtimeCache,
  after: string | undefined,
  trades: TradeReplay['trades'],
  gap: boolean,
): Promise<TradeReplay> {
  const replay = await realtime.trades.replay(SYMBOL, { after });
  assertEqual(
    { ids: replay.trades.map(({ id }) => id), gap: replay.gap },
    { ids: trades.map(({ id }) => id), gap },
    'the replay',
  );
  assertEqual(replay.trades, trades, 'its trades');
  return replay;
}
