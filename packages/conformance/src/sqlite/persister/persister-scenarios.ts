import fc from 'fast-check';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { hasProcesses } from '../../platform.ts';
import { assertImage, databaseImage, type ImageSpec } from '../database-image.ts';
import type { PersisterSubject } from './persister-subject.ts';

type Command =
  | { readonly do: 'save' | 'save-failing'; readonly image: ImageSpec }
  | { readonly do: 'reopen' | 'rival' };

const { scenario, bareScenario } = scenarioMaker<PersisterSubject>('persister');
const OLD: ImageSpec = { pages: 9, pageSize: 4_096, seed: 1 };
const NEW: ImageSpec = { pages: 1_500, pageSize: 4_096, seed: 2 };
const ROUNDS = 6;

const shape = fc.constantFrom(
  [1, 512],
  [1, 4_096],
  [9, 512],
  [2, 65_536],
  [90, 4_096],
  [600, 4_096],
);
const image: fc.Arbitrary<ImageSpec> = fc
  .tuple(shape, fc.nat({ max: 9 }))
  .map(([[pages = 1, pageSize = 512], seed]) => ({ pages, pageSize, seed }));
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constantFrom('save', 'save', 'save-failing'), image }),
  fc.record({ do: fc.constantFrom('reopen', 'reopen', 'rival') }),
);

export const persisterScenarios: readonly Scenario<PersisterSubject>[] = [
  bareScenario(
    'model/commands',
    'what was saved last is loaded, as a whole: after saves, saves during which something below fails, and others who try',
    async (context) => {
      let failures = 0;
      const run = async (commands: readonly Command[]): Promise<void> => {
        let subject = await context.open();
        let last: ImageSpec | undefined;
        const save = async (spec: ImageSpec): Promise<void> => {
          const bytes = databaseImage(spec);
          const around = new Uint8Array(bytes.length + 9).fill(0xee);
          const view = around.subarray(8, -1);
          view.set(bytes);
          await subject.persister.save(view);
          last = spec;
          view.fill(0xee);
          assertTrue(
            around.every((byte) => byte === 0xee),
            'save changes nothing around a view',
          );
        };
        for (const step of [...commands, { do: 'reopen' } as const]) {
          if (step.do === 'save') await save(step.image);
          else if (step.do === 'save-failing') {
            for (const fault of context.faults) {
              const end = await context.beginFault(fault, subject);
              const fail = (): void => void (failures += 1);
              await save(step.image).catch(fail).finally(end);
            }
          } else if (step.do === 'rival') {
            await assertRejects(() => context.openBeside(subject), 'BUSY', 'load beside another');
            await subject.persister.check?.();
          } else {
            subject = await context.reopen(subject);
            if (last === undefined)
              assertEqual(subject.loaded, undefined, 'what is loaded at first');
            else assertImage(subject.loaded, last, 'what is loaded');
          }
        }
        await subject.close();
      };
      const commands = fc.array(command, { minLength: 1, maxLength: 8 });
      await checkModel(context.model, commands, run, 0.05);
      assertTrue(failures > 0 || context.faults.length === 0, 'the faults make a save fail');
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'save/no-database',
    'what is no database is refused, and what was saved stays; or it is kept as it is',
    async (subject, context) => {
      let current = subject;
      const torn = databaseImage(OLD).subarray(0, 5_000);
      for (const bytes of [
        new Uint8Array(),
        Uint8Array.of(1),
        new Uint8Array(8_192).fill(7),
        torn,
      ]) {
        await current.persister.save(databaseImage(OLD));
        const saving = current.persister.save(bytes.slice());
        const isKept = await saving.then(
          () => true,
          () => false,
        );
        current = await context.reopen(current);
        const what = `what is loaded after a save of ${bytes.length} bytes that are no database`;
        if (isKept) assertEqual(current.loaded, bytes, what);
        else assertImage(current.loaded, OLD, what);
      }
    },
  ),
  scenario(
    'lock/handles',
    'one at a time has hold of a database, until that one is closed',
    async (subject, context) => {
      await subject.persister.save(databaseImage(OLD));
      for (let i = 0; i < 2; i += 1) {
        const rival = await assertRejects(() => context.openBeside(subject), 'BUSY', 'load');
        assertEqual(rival.retryable, true, 'whether to try again');
      }
      await subject.persister.save(databaseImage(NEW));
      await subject.close();
      assertImage((await context.openBeside(subject)).loaded, NEW, 'what the next one loads');
      await subject.close();
      await assertRejects(() => context.openBeside(subject), 'BUSY', 'load beside the next one');
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
        if (round === 0) await saving;
        else await new Promise((resolve) => setTimeout(resolve, (durationMs * round) / ROUNDS));
        if (round === 1) {
          await assertRejects(() => context.openBeside(elsewhere), 'BUSY', 'load beside a process');
        }
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
      const names = [
        'a',
        'A',
        '\u00e9',
        'e\u0301',
        'a b',
        'a%20b',
        'a+b',
        '비트코인',
        'a'.repeat(40),
      ];
      for (const [seed, name] of names.entries()) {
        const one = await context.openAt(name, subject);
        assertEqual(one.loaded, undefined, `what is loaded of ${name} before it was saved`);
        await one.persister.save(databaseImage({ ...OLD, seed }));
        await one.close();
      }
      for (const [seed, name] of names.entries()) {
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
