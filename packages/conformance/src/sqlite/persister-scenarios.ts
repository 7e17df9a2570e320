import type { Persister } from '@barkeep/sqlite-engine';
import fc, { type Arbitrary } from 'fast-check';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../check-model.ts';
import { needs, type Scenario, scenarioMaker } from '../conformance-suite.ts';
import { hasProcesses } from '../platform.ts';
import type { ScenarioContext } from '../scenario-context.ts';
import { assertImage, databaseImage, type ImageSpec } from './database-image.ts';

/** A save during which something below fails, if it is to. */
interface Save {
  readonly image: ImageSpec;
  readonly fault: string | undefined;
}

type Command = Save | 'reopen' | 'rival';

const { bareScenario } = scenarioMaker<Persister>('persister');
const OLD: ImageSpec = { pages: 9, pageSize: 4_096, seed: 1 };
const LARGE: ImageSpec = { pages: 1_500, pageSize: 4_096, seed: 2 };
const ROUNDS = 5;
/** Of the harness' runs: each opens several persisters. */
const SHARE = 0.04;
const NAMES = [
  'a',
  'A',
  '\u00e9',
  'e\u0301',
  'a b',
  'a%20b',
  'a+b',
  '비트코인',
  'n'.repeat(40),
  `${'n'.repeat(40)}x`,
];

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
    async (context) => {
      await checkPersister(context, []);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/faults',
    'when something below fails, a save has happened, or rejects and changes nothing',
    async (context) => {
      const failures = await checkPersister(context, context.faults);
      assertTrue(failures > 0, 'the faults of its harness make saves fail');
    },
    { ...needs('faults'), timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'kill/saves',
    'what has resolved survives a kill, and a save under way is whole or not there',
    async (context) => {
      let durationMs = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const elsewhere = await context.startProcess();
        await elsewhere.call('load');
        const begun = Date.now();
        await elsewhere.call('save', databaseImage(LARGE));
        durationMs ||= Date.now() - begun;
        const next = { ...LARGE, seed: 3 };
        const saving = Promise.allSettled([elsewhere.call('save', databaseImage(next))]);
        if (round === 0) {
          await saving;
          const rival = await context.createBeside(elsewhere);
          await assertRejects(() => rival.load(), 'BUSY', 'load beside a process');
        } else await new Promise((resolve) => setTimeout(resolve, (durationMs * round) / ROUNDS));
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
        const check = persister.check?.bind(persister);
        if (check !== undefined) await rejectionOf(check, `check with ${way}`);
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

/** Runs sequences of commands, and returns how many saves have failed with one of these faults. */
async function checkPersister(
  context: ScenarioContext<Persister>,
  faults: readonly string[],
): Promise<number> {
  const command: Arbitrary<Command> = fc.oneof(
    fc.record({ image, fault: fc.constantFrom(undefined, ...faults) }),
    fc.constantFrom('reopen', 'rival'),
  );
  const commands = fc.array(command, { minLength: 1, maxLength: 8 });
  let failures = 0;
  const execute = async (sequence: readonly Command[]): Promise<void> => {
    const run = new PersisterModelRun(context, await context.create());
    await run.execute(sequence);
    failures += run.failures;
  };
  await checkModel(context.model, commands, execute, SHARE);
  return failures;
}

/** Does what it is told, and compares what is loaded with what was saved last. */
class PersisterModelRun {
  failures = 0;
  readonly #context: ScenarioContext<Persister>;
  #persister: Persister;
  #saved: ImageSpec | undefined;

  constructor(context: ScenarioContext<Persister>, persister: Persister) {
    this.#context = context;
    this.#persister = persister;
  }

  async execute(commands: readonly Command[]): Promise<void> {
    await this.#load();
    for (const command of commands) {
      if (command === 'reopen') await this.#reopen();
      else if (command === 'rival') await this.#rival();
      else await this.#save(command);
    }
    await this.#reopen();
    await this.#persister.close();
  }

  async #load(): Promise<void> {
    const loaded = await this.#persister.load();
    if (this.#saved !== undefined) assertImage(loaded, this.#saved, 'what is loaded');
    else assertEqual(loaded, undefined, 'what is loaded before anything was saved');
  }

  /** Hands over a view of a part of a buffer, which is used for something else afterwards. */
  async #save({ image: spec, fault }: Save): Promise<void> {
    const bytes = databaseImage(spec);
    const buffer = new Uint8Array(bytes.length + 2);
    const view = buffer.subarray(1, -1);
    view.set(bytes);
    const end = fault && (await this.#context.beginFault(fault, this.#persister));
    const [saving] = await Promise.allSettled([this.#persister.save(view)]);
    if (end) await end();
    assertEqual([buffer[0], buffer.at(-1)], [0, 0], 'what is around a view that was saved');
    buffer.fill(0xee);
    if (saving.status === 'fulfilled') this.#saved = spec;
    else if (fault !== undefined) this.failures += 1;
    // What is no database is refused, or kept as it is.
    else if (spec.cut === undefined) throw saving.reason;
  }

  /** On the way, what is closed or not loaded yet is to save nothing. */
  async #reopen(): Promise<void> {
    const earlier = this.#persister;
    await earlier.close();
    await earlier.close();
    this.#persister = await this.#context.createBeside(earlier);
    for (const persister of [earlier, this.#persister]) {
      const save = (): Promise<void> =>
        persister.save(databaseImage({ pages: 3, pageSize: 512, seed: 0 }));
      await rejectionOf(save, 'a save of what is not loaded');
    }
    await this.#load();
  }

  async #rival(): Promise<void> {
    for (let i = 0; i < 2; i += 1) {
      const rival = await this.#context.createBeside(this.#persister);
      const error = await assertRejects(() => rival.load(), 'BUSY', 'load beside another');
      assertEqual(error.retryable, true, 'whether to try again');
      await rival.close();
    }
    await this.#persister.check?.();
  }
}
