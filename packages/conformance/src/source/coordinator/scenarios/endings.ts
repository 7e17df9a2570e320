import type { CandleDelivery, CandleRequest } from '@barkeep/source';
import { assertDefined, assertEqual, assertTrue, rejectionOf } from '../../../assertions.ts';
import type { CoordinatorFailure, CoordinatorFailureKind } from '../coordinator-harness.ts';
import { type CoordinatorScenario, scenario } from '../coordinator-scenario.ts';
import type { CoordinatorSession } from '../coordinator-session.ts';

const KINDS: readonly CoordinatorFailureKind[] = ['rateLimit', 'outage', 'refusal'];

export const endingScenarios: readonly CoordinatorScenario[] = [
  scenario('abort/before', 'a call that nobody waits for is not made', async (session) => {
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await rejectionOf(() => session.fetch(session.lastPeriods(20), signal), 'an aborted call');
  }),
  scenario(
    'abort/under-way',
    'a call given up under way rejects, unless it is through: it never claims what it left out',
    async (session) => {
      const request = session.lastPeriods(450);
      const stop = new AbortController();
      const calledAt = session.now;
      const call = session.fetch(request, stop.signal);
      stop.abort(new Error('changed my mind'));
      const delivery = await call.catch(() => undefined);
      if (delivery !== undefined) session.assertTruthful(request, delivery, calledAt);
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
      stop.abort(new Error('changed my mind'));
      await rejectionOf(() => call, 'a hanging call');
    },
    {
      requires: ({ hangs }) => (hangs ? undefined : 'its harness cannot let the exchange hang'),
      timeoutMs: 5_000,
    },
  ),
  scenario('abort/alone', 'giving up one call leaves an equal one alone', async (session) => {
    const request = session.lastPeriods(250);
    const stop = new AbortController();
    const given = session.fetch(request, stop.signal).catch(() => undefined);
    const kept = session.fetchAll(request);
    stop.abort(new Error('changed my mind'));
    assertEqual(await kept, session.truth(request), 'the candles of the other call');
    await given;
  }),
  ...KINDS.flatMap((kind) => [
    failureScenario(
      kind,
      `failure/${kind}`,
      'what fails says whether to ask again',
      async (session, failure) => {
        const request = session.lastPeriods(20);
        failure.begin(0);
        const error = await rejectionOf(() => session.fetch(request), 'the call');
        assertSays(error, failure);
        failure.end();
        assertEqual(await session.fetchAll(request), session.truth(request), 'the candles later');
      },
    ),
    failureScenario(
      kind,
      `failure/${kind}-half-way`,
      'what fails half-way rejects, or delivers a part and claims no more',
      async (session, failure) => {
        const request = session.lastPeriods(450);
        const calledAt = session.now;
        failure.begin(1);
        const outcome = await outcomeOf(session, request);
        if ('error' in outcome) assertSays(outcome.error, failure);
        else session.assertTruthful(request, outcome.delivery, calledAt);
      },
    ),
  ]),
  scenario('feedback/taken', 'it takes feedback, if it takes any', async (session) => {
    const request = session.lastPeriods(20);
    await session.fetch(request);
    session.underTest.coordinator.feedback?.({
      request,
      candles: 20,
      inserted: 20,
      updated: 0,
      unchanged: 0,
      fetchMs: 5,
      storeMs: 1,
    });
    await session.fetchTruthfully(session.lastPeriods(450));
  }),
];

function failureScenario(
  kind: CoordinatorFailureKind,
  key: string,
  title: string,
  run: (session: CoordinatorSession, failure: CoordinatorFailure) => Promise<void>,
): CoordinatorScenario {
  return scenario(
    key,
    title,
    (session) => {
      const failure = session.underTest.failures?.[kind];
      return run(session, assertDefined(failure, `the harness' ${kind}`));
    },
    {
      requires: ({ failures }) =>
        failures.includes(kind) ? undefined : `its harness has no failure ${kind}`,
    },
  );
}

async function outcomeOf(
  session: CoordinatorSession,
  request: CandleRequest,
): Promise<{ readonly delivery: CandleDelivery } | { readonly error: unknown }> {
  return session.fetch(request).then(
    (delivery) => ({ delivery }),
    (error: unknown) => ({ error }),
  );
}

function assertSays(error: unknown, { retryable, retryAfterMs }: CoordinatorFailure): void {
  assertTrue(typeof error === 'object' && error !== null, 'the error is an object');
  const { retryable: says = false, details } = error as {
    readonly retryable?: unknown;
    readonly details?: { readonly retryAfterMs?: unknown };
  };
  assertEqual(says, retryable, 'whether the error is retryable');
  if (retryAfterMs === undefined) return;
  assertEqual(details?.retryAfterMs, retryAfterMs, 'details.retryAfterMs of the error');
}
