import { type ManualClock, timeframeGrid } from '@barkeep/core';
import fc from 'fast-check';
import {
  assertDefined,
  assertEqual,
  assertTrue,
  ConformanceError,
  rejectionOf,
} from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import type { CoordinatorFailure, CoordinatorSubject } from './coordinator-harness.ts';
import { CoordinatorSession } from './coordinator-session.ts';

/** Scenarios begin in the middle of a period, even of the shortest ones. */
const INTO_A_PERIOD_MS = 90_500;
/** Around every size that pages are likely to have. */
const LENGTHS = [1, 2, 3, 99, 100, 101, 199, 200, 201, 399, 400, 401, 999, 1_000, 1_001, 1_500];
/** An exchange with its history is made for each sequence. */
const SHARE_OF_RUNS = 0.02;

/** Some periods of one of the two shortest timeframes, up to some before the one under way; −1 includes it. */
const stretch = fc.record({
  timeframe: fc.constantFrom(0, 0, 1),
  periods: fc.constantFrom(1, 2, 20, 99, 201, 450),
  before: fc.oneof(fc.constantFrom(-1, 0, 1), fc.nat({ max: 310 })),
});
/** Several calls at a time, of which one may be given up; then time passes, and the last is made again. */
const command = fc.record({
  stretches: fc.array(stretch, { minLength: 1, maxLength: 3 }),
  givesUp: fc.integer({ min: -4, max: 2 }),
  passMs: fc.constantFrom(0, 0, 1_000, 27_000, 29_000, 60_000, 180_000),
});
type CoordinatorCommand = typeof command extends fc.Arbitrary<infer Command> ? Command : never;

const { scenario: ofSubject, bareScenario } = scenarioMaker<CoordinatorSubject>('coordinator');

export const coordinatorScenarios: readonly Scenario<CoordinatorSubject>[] = [
  bareScenario(
    'model/truthful',
    'whatever it is asked, also at a time or given up, it claims no more than it delivers, and that lasts',
    (context) =>
      checkModel(
        context.model,
        fc.array(command, { minLength: 1, maxLength: 6 }),
        async (commands) => {
          const session = begin(await context.open(), context.clock);
          for (const one of commands) await execute(session, one);
          session.assertLasting();
        },
        SHARE_OF_RUNS,
      ),
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'fetch/sizes',
    'no candle is lost where a page ends, nor where a period ends meanwhile',
    async (session) => {
      for (const length of LENGTHS) {
        session.passToTurn();
        await session.fetchAll(session.lastPeriods(length, -1));
      }
      session.assertLasting();
    },
  ),
  scenario('fetch/timeframes', 'candles begin with their periods', async (session) => {
    for (const timeframe of session.timeframes) {
      const request = session.lastPeriods(10, 0, session.key(timeframe));
      const { length } = await session.fetchAll(request);
      assertTrue(length > 0, `the harness has candles of ${timeframe}`);
    }
  }),
  scenario(
    'fetch/quiet',
    'a stretch without trades is empty, and ends nothing',
    async (session) => {
      const { quiet } = session.underTest;
      const grid = timeframeGrid(quiet.timeframe);
      assertEqual(session.truth(quiet), [], 'the trades of the harness’ quiet stretch');
      await session.fetchAll(quiet);
      await session.fetchAll({
        ...quiet,
        from: grid.shift(quiet.from, -9),
        to: grid.shift(quiet.to, 9),
      });
    },
  ),
  scenario('fetch/history', 'before the first candles there is nothing', async (session) => {
    const key = session.key();
    const grid = timeframeGrid(key.timeframe);
    const listed = grid.floor(session.underTest.listedAt);
    const first = { ...key, from: grid.shift(listed, -10), to: grid.shift(listed, 10) };
    assertTrue(session.truth(first).length > 0, 'the harness has candles where history begins');
    await session.fetchAll({ ...first, from: grid.shift(listed, -30), to: first.from });
    await session.fetchAll(first);
  }),
  scenario(
    'fetch/behind',
    'what an exchange that is behind has not got yet is not claimed for good',
    async (session) => {
      session.lag(45_000);
      await session.fetchTruthfully(session.lastPeriods(20, -1));
      session.lag(0);
      session.pass(INTO_A_PERIOD_MS);
      session.assertLasting();
    },
    { requires: ({ lags }) => (lags ? undefined : 'its harness has no lag') },
  ),
  scenario(
    'abort/given-up',
    'a call that is given up rejects, and leaves others alone',
    async (session) => {
      const request = session.lastPeriods(450);
      await rejectionOf(() => session.fetch(request, AbortSignal.abort()), 'an aborted call');
      const stop = new AbortController();
      const givenUp = session.fetchTruthfully(request, stop.signal).catch(refused);
      const kept = session.fetchAll(request);
      stop.abort();
      await Promise.all([kept, givenUp]);
    },
  ),
  scenario(
    'abort/hanging',
    'a call that waits for the exchange rejects as soon as its signal fires',
    async (session) => {
      const stop = new AbortController();
      session.underTest.hang?.();
      const call = session.call(session.lastPeriods(20), stop.signal);
      call.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 0));
      stop.abort();
      await rejectionOf(() => call, 'a hanging call');
    },
    { requires: ({ hangs }) => (hangs ? undefined : 'its harness has no hang'), timeoutMs: 5_000 },
  ),
  ...(['rateLimit', 'outage', 'refusal'] as const).map((kind) =>
    bareScenario(
      `failure/${kind}`,
      'what fails says whether to ask again, and half-way claims no more than it delivers',
      async (context) => {
        for (const afterCalls of [0, 1]) {
          const session = begin(await context.open(), context.clock);
          const failure = assertDefined(session.underTest.failures?.[kind], `the failure ${kind}`);
          const request = session.lastPeriods(450);
          failure.begin(afterCalls);
          const call = session.fetchTruthfully(request);
          if (afterCalls === 0) await rejectionOf(() => call, 'the call');
          await call.catch((error: unknown) => assertSays(error, failure));
          failure.end();
          await session.fetchAll(request);
        }
      },
      {
        requires: ({ failures }) =>
          failures.includes(kind) ? undefined : `its harness has no failure ${kind}`,
      },
    ),
  ),
];

function scenario(
  key: string,
  title: string,
  run: (session: CoordinatorSession) => Promise<void>,
  conditions?: Pick<Scenario<CoordinatorSubject>, 'requires' | 'timeoutMs'>,
): Scenario<CoordinatorSubject> {
  return ofSubject(key, title, (subject, { clock }) => run(begin(subject, clock)), conditions);
}

function begin(subject: CoordinatorSubject, clock: ManualClock): CoordinatorSession {
  const session = new CoordinatorSession(subject, clock);
  session.pass(INTO_A_PERIOD_MS);
  return session;
}

async function execute(
  session: CoordinatorSession,
  { stretches, givesUp, passMs }: CoordinatorCommand,
): Promise<void> {
  const stop = new AbortController();
  const requests = stretches.map(({ timeframe, periods, before }) => {
    const key = session.key(session.timeframes[timeframe] ?? session.timeframes[0]);
    return session.lastPeriods(periods, before, key);
  });
  const calls: Promise<unknown>[] = requests.map((request, i) => {
    if (i !== givesUp) return session.fetchAll(request);
    return session.fetchTruthfully(request, stop.signal).catch(refused);
  });
  stop.abort();
  await Promise.all(calls);
  session.pass(passMs);
  if (passMs > 0) for (const request of requests.slice(-1)) await session.fetchAll(request);
}

/** A call that was given up may reject with anything, but must not claim too much. */
function refused(error: unknown): void {
  if (error instanceof ConformanceError) throw error;
}

function assertSays(error: unknown, { retryable, retryAfterMs }: CoordinatorFailure): void {
  refused(error);
  const { retryable: says = false, details } = Object(error) as {
    readonly retryable?: unknown;
    readonly details?: { readonly retryAfterMs?: unknown };
  };
  assertEqual(says, retryable, 'whether the error is retryable');
  if (retryAfterMs === undefined) return;
  assertEqual(details?.retryAfterMs, retryAfterMs, 'details.retryAfterMs of the error');
}
