import fc from 'fast-check';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { type Scenario, scenarioMaker } from '../../conformance-suite.ts';
import { hasProcesses } from '../../platform.ts';
import type { ScenarioContext } from '../../scenario-context.ts';
import { assertImage, databaseImage, type ImageSpec, isSameImage } from '../database-image.ts';
import type { PersisterSubject } from './persister-subject.ts';

type Context = ScenarioContext<PersisterSubject>;
type Command =
  | { readonly do: 'save' | 'save-view' | 'save-failing'; readonly image: ImageSpec }
  | { readonly do: 'reopen' | 'rival' };

const { scenario, bareScenario } = scenarioMaker<PersisterSubject>('persister');
const [OLD, NEW]: [ImageSpec, ImageSpec] = [
  { pages: 9, seed: 1 },
  { pages: 300, seed: 2 },
];
const processes: Pick<Scenario<PersisterSubject>, 'requires'> = {
  requires: () => (hasProcesses() ? undefined : 'no process can be started here'),
};
const ROUNDS = 8;

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('save', 'save-view', 'save-failing'),
      image: fc.record({
        pages: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(130, 300)),
        seed: fc.nat({ max: 9 }),
        pageSize: fc.constantFrom(512, 4_096, 4_096, 65_536),
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('reopen', 'rival') }) },
);

export const persisterScenarios: readonly Scenario<PersisterSubject>[] = [
  bareScenario(
    'model/commands',
    'any sequence of saves, failures, reopening and others loads what was saved last',
    async (context) => {
      const commands = fc.array(command, { minLength: 1, maxLength: 8 });
      await checkModel(context.model, commands, (all) => runCommands(context, all), 0.04);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario('load/new', 'nothing is loaded until something was saved', async (subject, context) => {
    assertEqual(subject.loaded, undefined, 'what is loaded of a new database');
    await subject.persister.check?.();
    const again = await context.reopen(subject);
    assertEqual(again.loaded, undefined, 'what is loaded after nothing was saved');
    await again.persister.save(databaseImage(OLD));
    assertImage((await context.reopen(again)).loaded, OLD, 'what is loaded after that');
  }),
  scenario(
    'save/bytes',
    'what was saved is loaded, whatever its size was before and whatever becomes of the array',
    async (subject, context) => {
      let current = subject;
      const sizes = [
        [1, 512],
        [1, 4_096],
        [1_300, 4_096],
        [2, 65_536],
        [3, 512],
      ] as const;
      for (const [i, [pages, pageSize]] of sizes.entries()) {
        const image = { pages, pageSize, seed: i };
        const [before, after] = [i * 64, 4_096];
        const around = new Uint8Array(before + pages * pageSize + after).fill(0xee);
        const view = around.subarray(before, before + pages * pageSize);
        view.set(databaseImage(image));
        await current.persister.save(view);
        view.fill(0xdd);
        const isUntouched = around.every(
          (byte, at) => byte === (at < before || at >= around.length - after ? 0xee : 0xdd),
        );
        assertTrue(isUntouched, 'what lies around the bytes in their buffer is as it was');
        current = await context.reopen(current);
        assertImage(current.loaded, image, `what is loaded of ${pages} pages of ${pageSize} bytes`);
      }
    },
  ),
  scenario(
    'save/no-database',
    'what is no database is refused, and what was saved stays; or it is kept as it is',
    async (subject, context) => {
      const strange = [
        new Uint8Array(),
        Uint8Array.of(1),
        new Uint8Array(8_192).fill(7),
        databaseImage(OLD).subarray(0, 5_000),
      ];
      let current = subject;
      for (const bytes of strange) {
        await current.persister.save(databaseImage(OLD));
        const isKept = await current.persister.save(bytes.slice()).then(
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
    'save/failing',
    'a save during which something below fails has happened, or rejects and changes nothing; the next one works',
    async (subject, context) => {
      let current = subject;
      for (const fault of context.faults) {
        await current.persister.save(databaseImage(OLD));
        const isSaved = await savedWith(fault, current, NEW, context);
        assertTrue(!isSaved, `a save of ${NEW.pages} pages fails with ${fault}`);
        await current.persister.check?.();
        current = await context.reopen(current);
        assertImage(current.loaded, OLD, `what is loaded after ${fault}`);
        await savedWith(fault, current, NEW, context);
        await current.persister.save(databaseImage({ ...NEW, seed: 7 }));
        current = await context.reopen(current);
        assertImage(current.loaded, { ...NEW, seed: 7 }, `what was saved when ${fault} had ended`);
      }
    },
    {
      requires: (_, { faults }) =>
        faults === undefined ? 'its harness knows no faults of what lies below' : undefined,
    },
  ),
  scenario(
    'lock/handles',
    'one at a time has hold of a database, until it is closed',
    async (subject, context) => {
      await subject.persister.save(databaseImage(OLD));
      for (let i = 0; i < 2; i += 1) {
        await assertRejects(() => context.openBeside(subject), 'BUSY', 'load beside another');
      }
      await subject.persister.check?.();
      await subject.persister.save(databaseImage(NEW));
      await subject.close();
      const next = await context.openBeside(subject);
      assertImage(next.loaded, NEW, 'what the next one loads');
      await subject.close();
      await assertRejects(() => context.openBeside(subject), 'BUSY', 'load beside the next');
    },
  ),
  bareScenario(
    'lock/process',
    'another process has hold of a database until it ends',
    async (context) => {
      const elsewhere = await context.startProcess();
      await elsewhere.call('load');
      await elsewhere.call('save', databaseImage(OLD));
      await assertRejects(() => context.openBeside(elsewhere), 'BUSY', 'load beside a process');
      const subject = await context.reopen(elsewhere);
      assertImage(subject.loaded, OLD, 'what is loaded when it was killed');
      const another = await context.startProcess(subject);
      await assertRejects(() => another.call('load'), 'BUSY', 'load of a process');
    },
    processes,
  ),
  bareScenario(
    'kill/saves',
    'after a process was killed amid a save, that has happened or not; before it, what has resolved is there',
    async (context) => {
      const images = [
        { pages: 3_000, seed: 1 },
        { pages: 2_500, seed: 2 },
      ] as const;
      let durationMs = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const elsewhere = await context.startProcess();
        await elsewhere.call('load');
        const begun = Date.now();
        await elsewhere.call('save', databaseImage(images[0]));
        durationMs ||= Date.now() - begun;
        let last: ImageSpec = images[0];
        const save = elsewhere.call('save', databaseImage(images[1])).then(() => {
          last = images[1];
        });
        if (round === 0) await save;
        else await new Promise((resolve) => setTimeout(resolve, (durationMs * round) / ROUNDS));
        await elsewhere.kill();
        await Promise.allSettled([save]);
        const { loaded, persister } = await context.openBeside(elsewhere);
        const isNew = loaded !== undefined && isSameImage(loaded, databaseImage(images[1]));
        assertImage(loaded, isNew ? images[1] : last, 'what is loaded after the kill');
        await persister.save(databaseImage(OLD));
      }
    },
    { ...processes, timeoutMs: 60_000 },
  ),
  scenario(
    'close/late-save',
    'a persister that is not loaded saves nothing, and can be closed',
    async (subject, context) => {
      await subject.persister.save(databaseImage(OLD));
      await subject.close();
      await subject.close();
      const late = subject.persister;
      await rejectionOf(() => late.save(databaseImage(NEW)), 'a save after close');
      const idle = await context.create();
      await rejectionOf(() => idle.persister.save(databaseImage(NEW)), 'a save before load');
      await idle.close();
      assertImage((await context.openBeside(subject)).loaded, OLD, 'what is loaded after that');
      const other = await context.create();
      await other.open();
      assertEqual(other.loaded, undefined, 'what is loaded of another database');
    },
  ),
  scenario(
    'others/noticed',
    'a database that somebody else has changed or taken away is not written over, and check says so',
    async (_, context) => {
      for (const way of context.damages) {
        const subject = await context.open();
        await subject.persister.save(databaseImage(OLD));
        const { persister } = await context.reopen(subject);
        await context.damage(way, { kind: 'entries', name: '' }, subject);
        if (persister.check !== undefined) {
          await rejectionOf(async () => persister.check?.(), `check with ${way}`);
        }
        await rejectionOf(() => persister.save(databaseImage(NEW)), `save with ${way}`);
        await persister.close();
      }
    },
    {
      requires: (_, { damages }) =>
        damages === undefined
          ? 'its harness knows no way in which others can get at it'
          : undefined,
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
        const { persister, loaded } = await context.openAt(name, subject);
        assertEqual(loaded, undefined, `what is loaded of ${name} before it was saved`);
        await persister.save(databaseImage({ pages: 2, seed }));
        await persister.close();
      }
      for (const [seed, name] of names.entries()) {
        const { loaded } = await context.openAt(name, subject);
        assertImage(loaded, { pages: 2, seed }, `what is loaded of ${name}`);
      }
    },
    {
      requires: (_, { createAt }) =>
        createAt === undefined ? 'its names follow rules of others' : undefined,
    },
  ),
];

async function runCommands(context: Context, commands: readonly Command[]): Promise<void> {
  let subject = await context.open();
  let saved: ImageSpec | undefined;
  for (const step of [...commands, { do: 'reopen' } as const]) {
    if (step.do === 'rival') {
      await assertRejects(() => context.openBeside(subject), 'BUSY', 'load beside another');
    } else if (step.do === 'reopen') {
      subject = await context.reopen(subject);
      if (saved === undefined) assertEqual(subject.loaded, undefined, 'what is loaded of nothing');
      else assertImage(subject.loaded, saved, 'what is loaded');
    } else if (step.do === 'save-failing') {
      for (const fault of context.faults) {
        if (await savedWith(fault, subject, step.image, context)) saved = step.image;
      }
    } else {
      const image = databaseImage(step.image);
      const around = new Uint8Array(image.length + 100);
      around.set(image, 50);
      const view = around.subarray(50, 50 + image.length);
      await subject.persister.save(step.do === 'save' ? image : view);
      saved = step.image;
    }
  }
  await subject.close();
}

/** Whether a save resolves while something below fails. */
async function savedWith(
  fault: string,
  subject: PersisterSubject,
  image: ImageSpec,
  context: Context,
): Promise<boolean> {
  const end = await context.beginFault(fault, subject);
  const saving = subject.persister.save(databaseImage(image));
  return saving
    .then(
      () => true,
      () => false,
    )
    .finally(end);
}
