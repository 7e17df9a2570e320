import type { CallOptions, HandleState } from '@barkeep/core';
import { assertEqual, assertRejects, assertTrue } from './assertions.ts';
import type { ConformanceSubject } from './conformance-harness.ts';
import type { Scenario, ScenarioMaker } from './conformance-suite.ts';

/** What the scenarios need of a handle beyond opening and closing it. */
export interface HandleSubject extends ConformanceSubject, AsyncDisposable {
  readonly state: HandleState;
  open(options?: CallOptions): Promise<void>;
}

/** A valid call of one method. */
export type HandleOperation<Subject> = (
  subject: Subject,
  options?: CallOptions,
) => Promise<unknown>;

export interface HandleExpectations<Subject extends HandleSubject> {
  /** A valid call of every asynchronous method that the subject declares, by name. */
  readonly operations: (subject: Subject) => Readonly<Record<string, HandleOperation<Subject>>>;
  /** Rejects unless nothing is stored. */
  readonly assertEmpty: (subject: Subject, what: string) => Promise<void>;
}

/** Every method in every state of life, with an aborted signal, and under way while it is closed. */
export function handleScenarios<Subject extends HandleSubject>(
  { scenario, bareScenario }: ScenarioMaker<Subject>,
  { operations, assertEmpty }: HandleExpectations<Subject>,
): Scenario<Subject>[] {
  return [
    bareScenario(
      'lifecycle/calls',
      'every method works when it is open, and in no other state',
      async (context) => {
        const subject = await context.create();
        const calls = Object.entries(operations(subject));
        const refuseAll = (state: HandleState) =>
          Promise.all(
            calls.map(([name, call]) =>
              assertRejects(() => call(subject), 'NOT_OPEN', `${name} when it is ${state}`, {
                state,
              }),
            ),
          );
        await refuseAll('idle');
        const opening = subject.open();
        const refused = refuseAll('opening');
        await opening;
        await refused;
        for (const [, call] of calls) await call(subject);
        const closing = subject.close();
        const refusedAgain = refuseAll('closing');
        await closing;
        await refusedAgain;
        await refuseAll('closed');
      },
    ),
    scenario(
      'abort/calls',
      'every method with an aborted signal rejects with its reason and does nothing',
      async (subject) => {
        const reason = new Error('changed my mind');
        const signal = AbortSignal.abort(reason);
        const calls = Object.entries(operations(subject));
        for (const [name, call] of calls) {
          const error = await assertRejects(() => call(subject, { signal }), 'ABORTED', name);
          assertTrue(error.cause === reason, `${name}: the error's cause is the signal's reason`);
          await assertEmpty(subject, `after ${name} with an aborted signal`);
        }
        const { signal: live } = new AbortController();
        for (const [, call] of calls) await call(subject, { signal: live });
      },
    ),
    scenario(
      'lifecycle/close-finishes-calls',
      'calls under way when it is closed end well',
      async (subject) => {
        const calls = Object.entries(operations(subject));
        const working = Promise.allSettled(calls.map(([, call]) => call(subject)));
        await subject.close();
        for (const [i, outcome] of (await working).entries()) {
          if (outcome.status === 'fulfilled') continue;
          throw new Error(`${calls[i]?.[0]} fails when it is closed meanwhile`, {
            cause: outcome.reason,
          });
        }
        assertEqual(subject.state, 'closed', 'its state');
      },
    ),
    bareScenario(
      'lifecycle/states',
      'it is opened once and closed once, and its state says where it is; capabilities never change',
      async (context) => {
        const subject = await context.create();
        const capabilities = { ...subject.capabilities };
        const seen: HandleState[] = [subject.state];
        const opening = Promise.all([subject.open(), subject.open()]);
        seen.push(subject.state);
        await opening;
        await subject.open();
        seen.push(subject.state);
        assertEqual({ ...subject.capabilities }, capabilities, 'capabilities when open');
        await Promise.all([subject.close(), subject.close()]);
        await subject.close();
        await subject[Symbol.asyncDispose]();
        seen.push(subject.state);
        assertEqual(seen, ['idle', 'opening', 'open', 'closed'], 'the states in order');
        assertEqual({ ...subject.capabilities }, capabilities, 'capabilities when closed');
        assertEqual(context.clock.pendingTimers, 0, 'timers still set after closing');
        await assertRejects(() => subject.open(), 'NOT_OPEN', 'open after close', {
          state: 'closed',
        });
      },
    ),
    bareScenario(
      'lifecycle/open-aborted',
      'an opening that is aborted leaves it usable',
      async (context) => {
        const subject = await context.create();
        const signal = AbortSignal.abort(new Error('changed my mind'));
        await assertRejects(() => subject.open({ signal }), 'ABORTED', 'open');
        await subject.open();
        assertEqual(subject.state, 'open', 'its state after opening again');
        await subject[Symbol.asyncDispose]();
        assertEqual(subject.state, 'closed', 'its state after Symbol.asyncDispose');
      },
    ),
    bareScenario(
      'lifecycle/close-early',
      'it can be closed before it was opened, and while it opens',
      async (context) => {
        const [idle, opening] = [await context.create(), await context.create()];
        await idle.close();
        assertEqual(idle.state, 'closed', 'the state of what was never opened');
        await assertRejects(() => idle.open(), 'NOT_OPEN', 'open after close');
        const opened = opening.open();
        await Promise.all([opening.close(), Promise.allSettled([opened])]);
        assertEqual(opening.state, 'closed', 'the state of what was opening');
        assertEqual(context.clock.pendingTimers, 0, 'timers still set after closing');
      },
    ),
  ];
}
