import type { Persister } from '@barkeep/sqlite-engine';
import fc, { type Arbitrary } from 'fast-check';
import { assertEqual, assertRejects, rejectionOf } from '../assertions.ts';
import { checkModel } from '../check-model.ts';
import type { ScenarioContext } from '../scenario-context.ts';
import { assertImage, databaseImage, type ImageSpec } from './database-image.ts';

type Command =
  | { readonly do: 'save' | 'save-failing'; readonly image: ImageSpec }
  | { readonly do: 'reopen' | 'rival' };

/** Of the harness' runs: each opens several persisters. */
const SHARE = 0.04;

const image: Arbitrary<ImageSpec> = fc.record({
  pages: fc.constantFrom(1, 2, 9, 90),
  pageSize: fc.constantFrom(512, 4_096, 4_096, 65_536),
  seed: fc.nat({ max: 9 }),
  cut: fc.option(fc.constantFrom(0, 1, 511, 5_000), { nil: undefined, freq: 5 }),
});

/** Runs sequences of commands, and returns how many of `save-failing` have failed. */
export async function checkPersister(
  context: ScenarioContext<Persister>,
  saves: readonly ('save' | 'save-failing')[],
): Promise<number> {
  const command = fc.oneof(
    ...saves.map((kind) => fc.record({ do: fc.constant(kind), image })),
    fc.record({ do: fc.constantFrom('reopen', 'reopen', 'rival') }),
  );
  const sequences = fc.array(command, { minLength: 1, maxLength: 8 });
  let failures = 0;
  const execute = async (commands: readonly Command[]): Promise<void> => {
    const run = new PersisterModelRun(context, await context.create());
    await run.execute(commands);
    failures += run.failures;
  };
  await checkModel(context.model, sequences, execute, SHARE);
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
      if (command.do === 'save') await this.#save(command.image);
      else if (command.do === 'save-failing') await this.#saveFailing(command.image);
      else if (command.do === 'reopen') await this.#reopen();
      else await this.#rival();
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
  async #save(spec: ImageSpec, mayFail = false): Promise<void> {
    const bytes = databaseImage(spec);
    const buffer = new Uint8Array(bytes.length + 2);
    const view = buffer.subarray(1, -1);
    view.set(bytes);
    const [saving] = await Promise.allSettled([this.#persister.save(view)]);
    assertEqual([buffer[0], buffer.at(-1)], [0, 0], 'what is around a view that was saved');
    buffer.fill(0xee);
    if (saving.status === 'fulfilled') this.#saved = spec;
    else if (mayFail) this.failures += 1;
    // What is no database is refused, or kept as it is.
    else if (spec.cut === undefined) throw saving.reason;
  }

  async #saveFailing(spec: ImageSpec): Promise<void> {
    for (const fault of this.#context.faults) {
      const end = await this.#context.beginFault(fault, this.#persister);
      await this.#save(spec, true).finally(end);
    }
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
