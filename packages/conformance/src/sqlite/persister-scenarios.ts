import type { Persister } from '@barkeep/sqlite-engine';
import fc, { type Arbitrary } from 'fast-check';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../check-model.ts';
import { needs, type Scenario, scenarioMaker } from '../conformance-suite.ts';
import { hasProcesses } from '../platform.ts';
import type { ScenarioContext } from '../scenario-context.ts';
import { assertImage, databaseImage, type ImageSpec } from './database-image.ts';

/** `fault`: what fails below while the image is saved. `rival`: another one loads, too. */
type Command =
  | { readonly image: ImageSpec; readonly fault: string | undefined }
  | 'reopen'
  | 'rival';

const { bareScenario } = scenarioMaker<Persister>('persister');
const OLD: ImageSpec = { pages: 9, pageSize: 4_096, seed: 1 };
const LARGE: ImageSpec = { pages: 1_000, pageSize: 4_096, seed: 2 };
/** Of the harness' runs: each opens several persisters. */
const SHARE = 0.04;
const LONG = 'n'.repeat(40);
const NAMES = ['a', 'A', '\u00e9', 'e\u0301', 'a b', 'a%20b', 'a+b', '비트코인', LONG, `${LONG}x`];

const image: Arbitrary<ImageSpec> = fc.record({
  pages: fc.constantFrom(1, 2, 9, 90),
  pageSize: fc.constantFrom(512, 4_096, 4_096, 65_536),
  seed: fc.nat({ max: 9 }),
  cut: fc.option(fc.constantFrom(0, 1, 511, 5_000), { nil: undefined, freq: 5 }),
});

export const persisterScenarios: readonly Scenario<Persister>[] = [
  bareScenario(
    'model/commands',
    'what was saved last is loaded, as a whole, whoever else has tried meanwhile',
    (context) => checkPersister(context, []),
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/faults',
    'when something below fails, a save has happened, or rejects and changes nothing',
    (context) => checkPersister(context, context.faults),
    { ...needs('faults'), timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'kill/saves',
    'what has resolved survives a kill, and a save under way is whole or not there',
    async (context) => {
      let durationMs = 0;
      for (const part of [1, 0.8, 0.6, 0.4, 0.2]) {
        const elsewhere = await context.startProcess();
        await elsewhere.call('load');
        const begun = Date.now();
        await elsewhere.call('save', databaseImage(LARGE));
        durationMs ||= Date.now() - begun;
        const next = { ...LARGE, seed: 3 };
        const saving = Promise.allSettled([elsewhere.call('save', databaseImage(next))]);
        if (part === 1) {
          await saving;
          const rival = await context.createBeside(elsewhere);
          await assertRejects(() => rival.load(), 'BUSY', 'load beside a process');
        } else await new Promise((resolve) => setTimeout(resolve, durationMs * part));
        await elsewhere.kill();
        const [{ status }] = await saving;
        const loaded = await (await context.openBeside(elsewhere)).load();
        const isNext = status === 'fulfilled' || loaded?.[63] === databaseImage(next)[63];
        assertImage(loaded, isNext ? next : LARGE, 'what is loaded after the kill');
      }
    },
    {
      requires: () => (hasProcesses() ? undefined : 'no process can be started here'),
      timeoutMs: 60_000,
    },
  ),
  bareScenario(
    'others/noticed',
    'what somebody else has changed or taken away is not written over, and check says so',
    async (context) => {
      for (const way of context.damages) {
        const first = await context.create();
        await first.load();
        await first.save(databaseImage(OLD));
        const persister = await context.reopen(first);
        await persister.load();
        await context.damage(way, { kind: 'entries', name: '' }, persister);
        const check = async (): Promise<void> => persister.check?.();
        if (persister.check !== undefined) await rejectionOf(check, `check with ${way}`);
        await rejectionOf(() => persister.save(databaseImage(LARGE)), `save with ${way}`);
        await persister.close();
      }
    },
    needs('damages'),
  ),
  bareScenario(
    'names/alike',
    'databases whose names are alike are different ones',
    async (context) => {
      const beside = await context.create();
      for (const [seed, name] of NAMES.entries()) {
        const one = await context.openAt(name, beside);
        assertEqual(await one.load(), undefined, `what is loaded of ${name} before it was saved`);
        await one.save(databaseImage({ ...OLD, seed }));
      }
    },
    needs('createAt'),
  ),
];

/** Compares what is loaded with what was saved last, by saves of which some fail by these faults. */
async function checkPersister(
  context: ScenarioContext<Persister>,
  faults: readonly string[],
): Promise<void> {
  let failures = 0;
  const execute = async (commands: readonly Command[]): Promise<void> => {
    let persister = await context.create();
    let saved: ImageSpec | undefined;
    await assertLoads(persister, saved);
    for (const command of [...commands, 'reopen' as const]) {
      if (command === 'rival') await assertLocked(context, persister);
      else if (command === 'reopen') {
        persister = await reopen(context, persister);
        await assertLoads(persister, saved);
      } else {
        const end = command.fault && (await context.beginFault(command.fault, persister));
        const [saving] = await Promise.allSettled([save(persister, command.image)]);
        if (end) await end();
        if (saving.status === 'fulfilled') saved = command.image;
        // What is no database is refused, or kept as it is.
        else if (command.image.cut !== undefined) continue;
        else if (end) failures += 1;
        else throw saving.reason;
      }
    }
    await persister.close();
  };
  const command: Arbitrary<Command> = fc.oneof(
    fc.record({ image, fault: fc.constantFrom(undefined, ...faults) }),
    fc.constantFrom('reopen', 'rival'),
  );
  const commands = fc.array(command, { minLength: 1, maxLength: 8 });
  await checkModel(context.model, commands, execute, SHARE);
  if (faults.length > 0) assertTrue(failures > 0, 'the faults of its harness make saves fail');
}

async function assertLoads(persister: Persister, saved: ImageSpec | undefined): Promise<void> {
  const loaded = await persister.load();
  if (saved !== undefined) assertImage(loaded, saved, 'what is loaded');
  else assertEqual(loaded, undefined, 'what is loaded before anything was saved');
}

/** Hands over a view of a part of a buffer, which is used for something else afterwards. */
async function save(persister: Persister, spec: ImageSpec): Promise<void> {
  const bytes = databaseImage(spec);
  const buffer = new Uint8Array(bytes.length + 2);
  const view = buffer.subarray(1, -1);
  view.set(bytes);
  await persister.save(view).finally(() => view.fill(0xee));
  assertEqual([buffer[0], buffer.at(-1)], [0, 0], 'what is around a view that was saved');
}

/** Another one over the same data; on the way, what is closed or not loaded yet is to save nothing. */
async function reopen(context: ScenarioContext<Persister>, earlier: Persister): Promise<Persister> {
  const later = await context.reopen(earlier);
  await earlier.close();
  for (const persister of [earlier, later]) {
    await rejectionOf(() => persister.save(databaseImage(OLD)), 'a save of what is not loaded');
  }
  return later;
}

/** Twice, because one that is refused must leave the lock where it is. */
async function assertLocked(context: ScenarioContext<Persister>, holder: Persister): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    const rival = await context.createBeside(holder);
    const error = await assertRejects(() => rival.load(), 'BUSY', 'load beside another');
    assertEqual(error.retryable, true, 'whether to try again');
    await rival.close();
  }
  await holder.check?.();
}
