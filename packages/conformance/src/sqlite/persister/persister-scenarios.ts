import fc from 'fast-check';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { hasProcesses } from '../../platform.ts';
import type { ScenarioContext } from '../../scenario-context.ts';
import { assertImage, databaseImage, type ImageSpec } from '../database-image.ts';
import type { PersisterSubject } from './persister-subject.ts';

type Context = ScenarioContext<PersisterSubject>;
type Command =
  | { readonly do: 'save' | 'save-failing'; readonly image: ImageSpec }
  | { readonly do: 'reopen' | 'rival' };

const { scenario, bareScenario } = scenarioMaker<PersisterSubject>('persister');
const OLD: ImageSpec = { pages: 9, pageSize: 4_096, seed: 1 };
const NEW: ImageSpec = { pages: 1_500, pageSize: 4_096, seed: 2 };
const ROUNDS = 5;
/** Of the harness' runs: each opens several persisters. */
const SHARE = 0.04;

const NAMES = 'a|A|\u00e9|e\u0301|a b|a%20b|a+b|비트코인|'.concat('a'.repeat(40)).split('|');

const image: fc.Arbitrary<ImageSpec> = fc.record({
  pages: fc.constantFrom(1, 2, 9, 90),
  pageSize: fc.constantFrom(512, 4_096, 4_096, 65_536),
  seed: fc.nat({ max: 9 }),
  cut: fc.option(fc.constantFrom(0, 1, 511, 5_000), { nil: undefined, freq: 5 }),
});
const saving = (...kinds: Extract<Command, { image: ImageSpec }>['do'][]): fc.Arbitrary<Command> =>
  fc.record({ do: fc.constantFrom(...kinds), image });
const others: fc.Arbitrary<Command> = fc.record({
  do: fc.constantFrom('reopen', 'reopen', 'rival'),
});

export const persisterScenarios: readonly Scenario<PersisterSubject>[] = [
  bareScenario(
    'model/commands',
    'what was saved last is loaded, as a whole, whoever else has tried meanwhile',
    async (context) => {
      await checkSequences(context, fc.oneof(saving('save'), others));
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/faults',
    'also when something below has failed: such a save has happened, or rejects and changes nothing',
    async (context) => {
      const all = fc.oneof(saving('save', 'save-failing'), others);
      const failures = await checkSequences(context, all);
      assertTrue(failures > 0, 'the faults of its harness make saves fail');
    },
    {
      requires: (_, { faults }) =>
        faults === undefined ? 'its harness knows no faults of what lies below' : undefined,
      timeoutMs: MODEL_TIMEOUT_MS,
    },
  ),
  scenario(
    'close/late-save',
    'a persister that is not loaded saves nothing, and can be closed, again and again',
    async (subject, context) => {
      await subject.persister.save(databaseImage(OLD));
      await subject.close();
      await subject.close();
      const idle = await context.create();
      for (const { persister } of [subject, idle]) {
        await rejectionOf(() => persister.save(databaseImage(NEW)), 'a save that is not loaded');
      }
      assertImage((await context.openBeside(subject)).loaded, OLD, 'what is loaded after that');
      assertEqual((await context.reopen(idle)).loaded, undefined, 'what is loaded of the other');
    },
  ),
  bareScenario(
    'kill/saves',
    'when a process was killed, what has resolved is there, and a save under way is whole or not there; it holds nothing',
    async (context) => {
      let durationMs = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const elsewhere = await context.startProcess();
        await elsewhere.call('load');
        const begun = Date.now();
        let last = NEW;
        await elsewhere.call('save', databaseImage(NEW));
        durationMs ||= Date.now() - begun;
        const next = { ...NEW, seed: 3 };
        const saving = elsewhere.call('save', databaseImage(next)).then(() => {
          last = next;
        });
        if (round === 0) {
          await saving;
          await assertRejects(() => context.openBeside(elsewhere), 'BUSY', 'load beside a process');
        } else await new Promise((resolve) => setTimeout(resolve, (durationMs * round) / ROUNDS));
        await elsewhere.kill();
        await Promise.allSettled([saving]);
        const { loaded } = await context.openBeside(elsewhere);
        const isNext = loaded?.[63] === databaseImage(next)[63];
        assertImage(loaded, isNext ? next : last, 'what is loaded after the kill');
      }
    },
    {
      requires: () => (hasProcesses() ? undefined : 'no process can be started here'),
      timeoutMs: 60_000,
    },
  ),
  bareScenario(
    'others/noticed',
    'a database that somebody else has changed or taken away is not written over, and check says so',
    async (context) => {
      for (const way of context.damages) {
        const subject = await context.open();
        await subject.persister.save(databaseImage(OLD));
        const { persister } = await context.reopen(subject);
        await context.damage(way, { kind: 'entries', name: '' }, subject);
        const check = persister.check?.bind(persister);
        if (check !== undefined) await rejectionOf(check, `check with ${way}`);
        await rejectionOf(() => persister.save(databaseImage(NEW)), `save with ${way}`);
        await persister.close();
      }
    },
    {
      requires: (_, { damages }) =>
        damages === undefined ? 'its harness knows no way in which others get at it' : undefined,
    },
  ),
  scenario(
    'names/alike',
    'databases whose names are alike are different ones',
    async (subject, context) => {
      for (const [seed, name] of NAMES.entries()) {
        const one = await context.openAt(name, subject);
        assertEqual(one.loaded, undefined, `what is loaded of ${name} before it was saved`);
        await one.persister.save(databaseImage({ ...OLD, seed }));
        await one.close();
      }
      for (const [seed, name] of NAMES.entries()) {
        const { loaded } = await context.openAt(name, subject);
        assertImage(loaded, { ...OLD, seed }, `what is loaded of ${name}`);
      }
    },
    {
      requires: (_, { createAt }) =>
        createAt === undefined ? 'its names follow the rules of something else' : undefined,
    },
  ),
];

/** Runs sequences of commands, and returns how many saves have failed. */
async function checkSequences(context: Context, command: fc.Arbitrary<Command>): Promise<number> {
  let failures = 0;
  const run = async (commands: readonly Command[]): Promise<void> => {
    let subject = await context.open();
    let last: ImageSpec | undefined;
    const save = async (spec: ImageSpec, mayFail: boolean): Promise<void> => {
      const bytes = databaseImage(spec);
      const around = new Uint8Array(bytes.length + 2).fill(0xee);
      const view = around.subarray(1, -1);
      view.set(bytes);
      const failure = await subject.persister.save(view).catch((error: unknown) => ({ error }));
      view.fill(0xee);
      const isIntact = around.every((byte) => byte === 0xee);
      assertTrue(isIntact, 'save changes nothing around a view');
      if (failure === undefined) last = spec;
      else if (mayFail) failures += 1;
      // What is no database is refused, or kept as it is.
      else if (spec.cut === undefined) throw failure.error;
    };
    const steps = {
      save: (spec: ImageSpec) => save(spec, false),
      'save-failing': async (spec: ImageSpec) => {
        for (const fault of context.faults) {
          const end = await context.beginFault(fault, subject);
          await save(spec, true).finally(end);
        }
      },
      rival: async () => {
        for (let i = 0; i < 2; i += 1) {
          const rival = await context.createBeside(subject);
          const error = await assertRejects(() => rival.open(), 'BUSY', 'load beside another');
          assertEqual(error.retryable, true, 'whether to try again');
          await rival.close();
        }
        await subject.persister.check?.();
      },
      reopen: async () => {
        subject = await context.reopen(subject);
        if (last !== undefined) assertImage(subject.loaded, last, 'what is loaded');
        else assertEqual(subject.loaded, undefined, 'what is loaded at first');
      },
    };
    for (const step of commands) {
      await ('image' in step ? steps[step.do](step.image) : steps[step.do]());
    }
    await steps.reopen();
    await subject.close();
  };
  const commands = fc.array(command, { minLength: 1, maxLength: 8 });
  await checkModel(context.model, commands, run, SHARE);
  return failures;
}
