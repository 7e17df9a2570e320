import { COMMON_TIMEFRAMES, timeframeGrid } from '@barkeep/core';
import { assertDefined, assertEqual, assertTrue } from '../../../assertions.ts';
import { type CoordinatorScenario, scenario } from '../coordinator-scenario.ts';
import { deliveredCandles } from '../coordinator-session.ts';

/** Around every size that pages are likely to have. */
const LENGTHS = [1, 2, 3, 99, 100, 101, 199, 200, 201, 399, 400, 401];

export const fetchScenarios: readonly CoordinatorScenario[] = [
  scenario('fetch/complete', 'a short stretch has every candle', async (session) => {
    const request = session.lastPeriods(20);
    const candles = await session.fetchAll(request);
    assertEqual(candles, session.truth(request), 'the candles');
    assertTrue(candles.length > 0, 'the harness has recent candles');
  }),
  scenario('fetch/one-period', 'a single period is delivered', async (session) => {
    const last = session.truth(session.lastPeriods(50)).at(-1);
    const { timestamp: from } = assertDefined(last, 'a recent candle of the harness');
    const to = timeframeGrid(session.key().timeframe).shift(from);
    const candles = await session.fetchAll({ ...session.key(), from, to });
    assertEqual(candles, [last], 'the candles');
  }),
  scenario('fetch/pages', 'a stretch of several pages has every candle', async (session) => {
    const request = session.lastPeriods(450);
    assertEqual(await session.fetchAll(request), session.truth(request), 'the candles');
  }),
  scenario(
    'fetch/page-edges',
    'no candle is lost where a page ends, however long the stretch is',
    async (session) => {
      for (const length of LENGTHS) {
        const request = session.lastPeriods(length, 7);
        const what = `the candles of ${length} periods`;
        assertEqual(await session.fetchAll(request), session.truth(request), what);
      }
    },
  ),
  scenario('fetch/again', 'the same request gives the same again', async (session) => {
    const request = session.lastPeriods(30);
    const first = await session.fetchTruthfully(request);
    const second = await session.fetchTruthfully(request);
    assertEqual(
      deliveredCandles(request, second),
      deliveredCandles(request, first),
      'the candles of the second delivery',
    );
    assertEqual(
      session.settled(request, second),
      session.settled(request, first),
      'what is settled',
    );
  }),
  scenario('fetch/at-a-time', 'calls at a time do not disturb one another', async (session) => {
    const requests = [
      session.lastPeriods(30),
      session.lastPeriods(250, 20),
      session.lastPeriods(30),
      ...session.timeframes.slice(1, 4).map((timeframe) => {
        return session.lastPeriods(5, 1, session.key(timeframe));
      }),
    ];
    const all = await Promise.all(requests.map((request) => session.fetchAll(request)));
    for (const [i, request] of requests.entries()) {
      assertEqual(all[i], session.truth(request), `the candles of call ${i}`);
    }
  }),
  ...COMMON_TIMEFRAMES.map((timeframe) =>
    scenario(
      `timeframe/${timeframe}`,
      `candles of ${timeframe} begin with their periods`,
      async (session) => {
        const request = session.lastPeriods(10, 0, session.key(timeframe));
        assertEqual(await session.fetchAll(request), session.truth(request), 'the candles');
      },
      {
        requires: ({ timeframes }) =>
          timeframes.includes(timeframe) ? undefined : `it has no series of ${timeframe}`,
      },
    ),
  ),
];
