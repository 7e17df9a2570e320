import type { CallOptions, HandleState } from '@barkeep/core';
import { assertEqual, assertRejects, assertTrue } from './assertions.ts';
import type { ConformanceSubject } from './conformance-harness.ts';
import type { Scenario } from './scenario.ts';

/** A subject with the life of a handle: opened once, closed once. */
export interface HandleSubject extends ConformanceSubject, AsyncDisposable {
  readonly state: HandleState;
  open(options?: CallOptions): Promise<void>;
}

/** A valid call of one asynchronous method. */
export type HandleOperation<Subject> = (
  subject: Subject,
  options?: CallOptions,
) => Promise<unknown>;

/** How the scenarios below look at a subject. */
export interface HandleExpectations<Subject> {
  /** The suite's name: keys start with it. */
  readonly suite: string;
  /** A valid call of every asynchronous method, by name. */
  readonly operations: Readonly<Record<string, HandleOperation<Subject>>>;
  /** Rejects unless nothing is stored. */
  readonly assertEmpty: (subject: Subject, what: string) => Promise<void>;
}

/** Every method in every state of life, and with an aborted signal. */
export function handleScenarios<Subject extends HandleSubject>(
  expectations: HandleExpectations<Subject>,
): Scenario<Subject>[] {
  const { suite, operations, assertEmpty } = expectations;
  const calls = Object.entries(operations);
  return [
    ...calls.map(([name, call]) => callInEveryState(suite, name, call)),
    ...calls.map(([name, call]) => callAborted(suite, name, call, assertEmpty)),
    ...calls.map(([name, call]) => callFinishedByClose(suite, name, call)),
    ...lifeScenarios<Subject>(suite),
  ];
}

function callInEveryState<Subject extends HandleSubject>(
  suite: string,
  name: string,
  call: HandleOperation<Subject>,
): Scenario<Subject> {
  return {
    key: `${suite}/lifecycle/${name}`,
    title: `${name} works when open, and in no other state`,
    run: async (context) => {
      const subject = await context.create();
      await assertRejects(() => call(subject), 'NOT_OPEN', `${name} when idle`, { state: 'idle' });
      const opening = subject.open();
      await assertRejects(() => call(subject), 'NOT_OPEN', `${name} while opening`, {
        state: 'opening',
      });
      await opening;
      await call(subject);
      const closing = subject.close();
      await assertRejects(() => call(subject), 'NOT_OPEN', `${name} after close began`);
      await closing;
      await assertRejects(() => call(subject), 'NOT_OPEN', `${name} when closed`, {
        state: 'closed',
      });
    },
  };
}

function callAborted<Subject extends HandleSubject>(
  suite: string,
  name: string,
  call: HandleOperation<Subject>,
  assertEmpty: (subject: Subject, what: string) => Promise<void>,
): Scenario<Subject> {
  return {
    key: `${suite}/abort/${name}`,
    title: `${name} with an aborted signal rejects with its reason and does nothing`,
    run: async (context) => {
      const subject = await context.open();
      const reason = new Error('changed my mind');
      const signal = AbortSignal.abort(reason);
      const error = await assertRejects(() => call(subject, { signal }), 'ABORTED', name);
      assertTrue(error.cause === reason, `${name}: the error's cause is the signal's reason`);
      await assertEmpty(subject, name);
      await call(subject, { signal: new AbortController().signal });
    },
  };
}

function callFinishedByClose<Subject extends HandleSubject>(
  suite: string,
  name: string,
  call: HandleOperation<Subject>,
): Scenario<Subject> {
  return {
    key: `${suite}/close-finishes/${name}`,
    title: `${name} under way when it is closed ends well`,
    run: async (context) => {
      const subject = await context.open();
      const working = call(subject);
      const closing = subject.close();
      await Promise.all([working, closing]);
      assertEqual(subject.state, 'closed', 'its state');
    },
  };
}

function lifeScenarios<Subject extends HandleSubject>(suite: string): Scenario<Subject>[] {
  const scenario = (name: string, title: string, run: Scenario<Subject>['run']) => ({
    key: `${suite}/lifecycle/${name}`,
    title,
    run,
  });
  return [
    scenario('states', 'its state tells where it is in its life', async (context) => {
      const subject = await context.create();
      const seen: HandleState[] = [subject.state];
      const opening = subject.open();
      seen.push(subject.state);
      await opening;
      seen.push(subject.state);
      await subject.close();
      seen.push(subject.state);
      assertEqual(seen, ['idle', 'opening', 'open', 'closed'], 'the states in order');
    }),
    scenario('open-again', 'opening twice, at once or later, is opening once', async (context) => {
      const subject = await context.create();
      await Promise.all([subject.open(), subject.open()]);
      await subject.open();
      assertEqual(subject.state, 'open', 'its state');
    }),
    scenario('open-aborted', 'an aborted opening leaves it usable', async (context) => {
      const subject = await context.create();
      const signal = AbortSignal.abort(new Error('changed my mind'));
      await assertRejects(() => subject.open({ signal }), 'ABORTED', 'open with an aborted signal');
      await subject.open();
      assertEqual(subject.state, 'open', 'its state after opening again');
    }),
    scenario('open-after-close', 'what is closed cannot be opened again', async (context) => {
      const subject = await context.open();
      await subject.close();
      await assertRejects(() => subject.open(), 'NOT_OPEN', 'open after close', {
        state: 'closed',
      });
    }),
    scenario('close-idle', 'what was never opened can be closed', async (context) => {
      const subject = await context.create();
      await subject.close();
      assertEqual(subject.state, 'closed', 'its state');
      await assertRejects(() => subject.open(), 'NOT_OPEN', 'open after close');
    }),
    scenario('close-again', 'closing twice, at once or later, is closing once', async (context) => {
      const subject = await context.open();
      await Promise.all([subject.close(), subject.close()]);
      await subject.close();
      assertEqual(subject.state, 'closed', 'its state');
    }),
    scenario('close-while-opening', 'closing waits for the opening to end', async (context) => {
      const subject = await context.create();
      const opening = subject.open();
      await Promise.all([subject.close(), Promise.allSettled([opening])]);
      assertEqual(subject.state, 'closed', 'its state');
    }),
    scenario('close-stops-timers', 'no timer is left after close', async (context) => {
      const subject = await context.open();
      await subject.close();
      assertEqual(context.clock.pendingTimers, 0, 'timers still set');
    }),
    scenario('async-dispose', 'Symbol.asyncDispose closes it', async (context) => {
      const subject = await context.open();
      await subject[Symbol.asyncDispose]();
      assertEqual(subject.state, 'closed', 'its state');
    }),
    scenario('capabilities', 'its capabilities never change', async (context) => {
      const subject = await context.create();
      const before = { ...subject.capabilities };
      await subject.open();
      assertEqual({ ...subject.capabilities }, before, 'capabilities when open');
      await subject.close();
      assertEqual({ ...subject.capabilities }, before, 'capabilities when closed');
    }),
  ];
}
