import { ManualClock } from '@barkeep/core';
import type {
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
  KeptPlace,
  ModelOptions,
} from './conformance-harness.ts';
import { OtherProcess } from './other-process.ts';
import { dataDirectory, pathIn, removeDirectory } from './platform.ts';

const DEFAULT_ARRIVAL_MS = 20_000;

/** What a scenario works with. Everything it makes is closed and removed when it ends. */
export class ScenarioContext<Subject extends ConformanceSubject> {
  /** The clock of every subject of this scenario. */
  readonly clock: ManualClock = new ManualClock();
  readonly model: ModelOptions;
  /** The smallest step by which `advance` is exact, in milliseconds. */
  readonly timeStepMs: number;
  /** Whether its harness opens subjects over files. */
  readonly hasFiles: boolean;
  readonly #harness: ConformanceHarness<Subject>;
  readonly #contexts = new Map<object, HarnessContext>();
  readonly #cleanups: (() => unknown)[] = [];

  constructor(harness: ConformanceHarness<Subject>) {
    this.#harness = harness;
    this.model = harness.model ?? {};
    this.timeStepMs = harness.timeStepMs ?? 1;
    this.hasFiles = harness.createAt !== undefined;
  }

  /** A subject over data of its own, not opened: empty, or an image where a driver is tested. */
  async create(image?: Uint8Array): Promise<Subject> {
    return this.#create(this.#harnessContext(), image);
  }

  /** An open subject over empty data of its own. */
  async open(): Promise<Subject> {
    const subject = await this.create();
    await subject.open?.();
    return subject;
  }

  /** Closes a subject, or kills a process, and opens another subject over the same data. */
  async reopen(earlier: Subject | OtherProcess): Promise<Subject> {
    if (earlier instanceof OtherProcess) await earlier.kill();
    else await earlier.close();
    return this.openBeside(earlier);
  }

  /** Opens another subject over the data of one that need not be closed. */
  async openBeside(earlier: Subject | OtherProcess): Promise<Subject> {
    const subject = await this.createBeside(earlier);
    await subject.open?.();
    return subject;
  }

  /** The same, not opened. */
  async createBeside(earlier: Subject | OtherProcess): Promise<Subject> {
    return this.#create(this.#contextOf(earlier));
  }

  /** An open subject in a process of its own, over empty data or over that of another subject. */
  async startProcess(beside?: Subject): Promise<OtherProcess> {
    const { module, name } = this.#harness;
    if (module === undefined) {
      throw new TypeError(
        `${name}: its harness needs module, so that what survives a process, or is shared between two, can be tested`,
      );
    }
    const context = beside === undefined ? this.#harnessContext() : this.#contextOf(beside);
    const { id, directory, clock } = context;
    const started = new OtherProcess({ module, name, id, directory, now: clock.now() });
    this.#contexts.set(started, context);
    this.onCleanup(() => started.kill());
    await started.call('open');
    return started;
  }

  /** A path beside the data of a subject, for a backup or a database; nothing is there yet. */
  pathBeside(subject: Subject, name: string): string {
    return pathIn(this.#contextOf(subject).directory, name);
  }

  /** Opens a subject over the database at a path. */
  async openAt(path: string, beside: Subject): Promise<Subject> {
    const { createAt, name } = this.#harness;
    if (createAt === undefined) {
      throw new TypeError(`${name} says its backups are files, so its harness needs createAt`);
    }
    const context = this.#contextOf(beside);
    const subject = this.#adopt(await createAt(path, context), context);
    await subject.open?.();
    return subject;
  }

  /** How long what others do may take to arrive, by the machine's clock. */
  get arrivalMs(): number {
    return this.#harness.arrivalMs ?? DEFAULT_ARRIVAL_MS;
  }

  /** The names of the ways in which what lies below a subject can fail. */
  get faults(): readonly string[] {
    return Object.keys(this.#harness.faults ?? {});
  }

  /** Makes writes of a subject fail; what it returns ends that. */
  async beginFault(name: string, subject: Subject): Promise<() => Promise<void>> {
    const begin = this.#harness.faults?.[name];
    if (begin === undefined) throw new TypeError(`the harness has no fault ${name}`);
    const end = await begin(subject, this.#contextOf(subject));
    return async () => end();
  }

  /** The names of the ways in which a process can end in the midst of a write. */
  get crashes(): readonly string[] {
    return Object.keys(this.#harness.crashes ?? {});
  }

  /** The names of the ways in which this harness can damage what a subject keeps. */
  get damages(): readonly string[] {
    return Object.keys(this.#harness.damages ?? {});
  }

  /** Puts something that no adapter wrote where a subject keeps a value. */
  async damage(way: string, place: KeptPlace, subject: Subject): Promise<void> {
    const damage = this.#harness.damages?.[way];
    if (damage === undefined) throw new TypeError(`the harness has no damage ${way}`);
    await damage(place, this.#contextOf(subject), subject);
  }

  /** Lets time pass for all subjects. */
  async advance(ms: number): Promise<void> {
    const { advance } = this.#harness;
    if (advance === undefined) this.clock.advance(ms);
    else await advance(ms, this.clock);
  }

  /** Runs when the scenario ends, last registered first. */
  onCleanup(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  /** Closes every subject and runs the clean-ups: all of them, whatever one of them throws. */
  async dispose(): Promise<void> {
    const errors: unknown[] = [];
    for (
      let cleanup = this.#cleanups.pop();
      cleanup !== undefined;
      cleanup = this.#cleanups.pop()
    ) {
      try {
        await cleanup();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'cleaning up after a scenario failed');
  }

  async #create(context: HarnessContext, image?: Uint8Array): Promise<Subject> {
    return this.#adopt(await this.#harness.create(context, image), context);
  }

  #contextOf(subject: Subject | OtherProcess): HarnessContext {
    const context = this.#contexts.get(subject);
    if (context === undefined) throw new TypeError('this scenario did not make that subject');
    return context;
  }

  #adopt(subject: Subject, context: HarnessContext): Subject {
    this.#contexts.set(subject, context);
    this.onCleanup(() => subject.close());
    return subject;
  }

  #harnessContext(): HarnessContext {
    const id = `c-${crypto.randomUUID()}`;
    // Made when it is asked for: most adapters under most scenarios need none.
    let directory: string | undefined;
    this.onCleanup(() => directory && removeDirectory(directory));
    return {
      clock: this.clock,
      id,
      get directory() {
        directory ??= dataDirectory(id);
        return directory;
      },
      onCleanup: (cleanup) => this.onCleanup(cleanup),
    };
  }
}
