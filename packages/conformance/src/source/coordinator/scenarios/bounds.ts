import { timeframeGrid } from '@barkeep/core';
import { assertDefined, assertEqual, assertTrue } from '../../../assertions.ts';
import { type CoordinatorScenario, scenario } from '../coordinator-scenario.ts';
import { type CoordinatorSession, deliveredCandles } from '../coordinator-session.ts';

export const boundScenarios: readonly CoordinatorScenario[] = [
  scenario('quiet/empty', 'a stretch without trades is delivered as empty', async (session) => {
    const { quiet } = session.underTest;
    assertEqual(session.truth(quiet), [], 'the trades of the harness’ quiet stretch');
    assertEqual(await session.fetchAll(quiet), [], 'the candles');
  }),
  scenario('quiet/around', 'a stretch without trades ends nothing', async (session) => {
    const { quiet } = session.underTest;
    const grid = timeframeGrid(quiet.timeframe);
    const request = { ...quiet, from: grid.shift(quiet.from, -9), to: grid.shift(quiet.to, 9) };
    assertEqual(await session.fetchAll(request), session.truth(request), 'the candles');
  }),
  scenario(
    'history/before',
    'before history there is nothing, and nobody needs to ask again',
    async (session) => {
      const key = session.key();
      const grid = timeframeGrid(key.timeframe);
      const listed = grid.floor(session.underTest.listedAt);
      const request = { ...key, from: grid.shift(listed, -30), to: grid.shift(listed, -10) };
      assertEqual(await session.fetchAll(request), [], 'the candles');
    },
  ),
  scenario(
    'history/across',
    'where history begins, its first candles are there',
    async (session) => {
      const key = session.key();
      const grid = timeframeGrid(key.timeframe);
      const listed = grid.floor(session.underTest.listedAt);
      const request = { ...key, from: grid.shift(listed, -10), to: grid.shift(listed, 10) };
      assertTrue(session.truth(request).length > 0, 'the harness has candles where history begins');
      assertEqual(await session.fetchAll(request), session.truth(request), 'the candles');
    },
  ),
  scenario(
    'current/partial',
    'the candle in the making is delivered as it is, and not claimed to be complete',
    async (session) => {
      const { request, current } = underWay(session);
      const delivery = await session.fetchTruthfully(request);
      const { timestamp } = current;
      const found = deliveredCandles(request, delivery).find((it) => it.timestamp === timestamp);
      assertEqual(found, current, 'the candle in the making');
    },
  ),
  scenario(
    'current/as-of',
    'the time of an answer, where it is given, is of the exchange and not ahead of the clock',
    async (session) => {
      const { request } = underWay(session);
      const { asOf: before } = await session.fetchTruthfully(request);
      session.pass(timeframeGrid(request.timeframe).typicalMs);
      const { asOf: after } = await session.fetchTruthfully(request);
      if (before === undefined || after === undefined) return;
      assertTrue(after > before, `a later answer is of a later time (${before}, then ${after})`);
    },
  ),
  scenario(
    'current/settling',
    'how long it settles, where it says so, is a duration',
    async ({ underTest }) => {
      const { settlingMs = 0 } = underTest.coordinator;
      assertTrue(
        Number.isSafeInteger(settlingMs) && settlingMs >= 0,
        `settlingMs (${settlingMs}) is a whole number of milliseconds`,
      );
    },
  ),
  scenario(
    'current/moves-on',
    'a candle that was in the making is fetched anew',
    async (session) => {
      const { request } = underWay(session);
      await session.fetchTruthfully(request);
      const { typicalMs } = timeframeGrid(request.timeframe);
      session.pass(3 * typicalMs);
      assertEqual(await session.fetchAll(request), session.truth(request), 'the candles later');
    },
  ),
];

/** The last ten periods and the one under way. */
function underWay(session: CoordinatorSession) {
  const ended = session.lastPeriods(10);
  const request = { ...ended, to: timeframeGrid(ended.timeframe).shift(session.now) };
  const current = session.truth(request).findLast(({ timestamp }) => timestamp === ended.to);
  return { request, current: assertDefined(current, 'the harness’ candle in the making') };
}
