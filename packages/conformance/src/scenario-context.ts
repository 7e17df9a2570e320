import { ManualClock } from '@barkeep/core';
import type {
  BackupPlaces,
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
  KeptPlace,
  ModelOptions,
} from './conformance-harness.ts';

/** What a scenario works with. Everything it makes is closed and removed when it ends. */
export class ScenarioContext<Subject extends ConformanceSubject> {
  /** The clock of every subject of this scenario. */
  readonly clock: ManualClock = new ManualClock();
  readonly model: ModelOptions;
  /** The smallest step by which `advance` is exact, in milliseconds. */
  readonly timeStepMs: number;
  readonly #harness: ConformanceHarness<Subject>;
  readonly #contexts = new Map<Subject, HarnessContext>();
  readonly #cleanups: (() => void | Promise<void>)[] = [];

  constructor(harness: ConformanceHarness<Subject>) {
    this.#harness = harness;
    this.model = harness.model ?? {};
    this.timeStepMs = harness.timeStepMs ?? 1;
  }

  /** A subject over empty data of its own, not opened. */
  async create(): Promise<Subject> {
    const context = this.#harnessContext();
    const { destroy } = this.#harness;
    if (destroy !== undefined) this.onCleanup(() => destroy(context));
    return this.#adopt(await this.#harness.create(context), context);
  }

  /** An open subject over empty data of its own. */
  async open(): Promise<Subject> {
    const subject = await this.create();
    await subject.open();
    return subject;
  }

  /** Closes a subject and opens another one over the same data. */
  async reopen(subject: Subject): Promise<Subject> {
    await subject.close();
    return this.openBeside(subject);
  }

  /** Opens another subject over the data of one that need not be closed. */
  async openBeside(subject: Subject): Promise<Subject> {
    const context = this.#contexts.get(subject);
    const { reopen, name } = this.#harness;
    if (context === undefined) throw new TypeError('this scenario did not make that subject');
    if (reopen === undefined) {
      throw new TypeError(`${name} says its data lasts, so its harness needs reopen()`);
    }
    const next = this.#adopt(await reopen(subject, context), context);
    await next.open();
    return next;
  }

  /** A path beside the data of a subject, for a backup or a database; nothing is there yet. */
  pathBeside(subject: Subject, name: string): string {
    const { places, context } = this.#placesOf(subject);
    return places.path(name, context);
  }

  /** Opens a subject over the database at a path. */
  async openAt(path: string, beside: Subject): Promise<Subject> {
    const { places, context } = this.#placesOf(beside);
    const subject = this.#adopt(places.open(path, context), context);
    await subject.open();
    return subject;
  }

  /** The names of the ways in which this harness can damage what a subject keeps. */
  get damages(): readonly string[] {
    return Object.keys(this.#harness.damages ?? {});
  }

  /** Puts something that no adapter wrote where a subject keeps a value. */
  async damage(way: string, place: KeptPlace, subject: Subject): Promise<void> {
    const context = this.#contexts.get(subject);
    const damage = this.#harness.damages?.[way];
    if (context === undefined) throw new TypeError('this scenario did not make that subject');
    if (damage === undefined) throw new TypeError(`the harness has no damage ${way}`);
    await damage(place, context, subject);
  }

  /** Lets time pass for all subjects. */
  async advance(ms: number): Promise<void> {
    const { advance } = this.#harness;
    if (advance === undefined) this.clock.advance(ms);
    else await advance(ms, this.clock);
  }

  /** Runs when the scenario ends, last registered first. */
  onCleanup(cleanup: () => void | Promise<void>): void {
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

  #placesOf(subject: Subject): { places: BackupPlaces<Subject>; context: HarnessContext } {
    const context = this.#contexts.get(subject);
    const { backups: places, name } = this.#harness;
    if (context === undefined) throw new TypeError('this scenario did not make that subject');
    if (places === undefined) {
      throw new TypeError(`${name} says its backups are files, so its harness needs backups`);
    }
    return { places, context };
  }

  #adopt(subject: Subject, context: HarnessContext): Subject {
    this.#contexts.set(subject, context);
    this.onCleanup(() => subject.close());
    return subject;
  }

  #harnessContext(): HarnessContext {
    return { clock: this.clock, id: uniqueId(), onCleanup: (cleanup) => this.onCleanup(cleanup) };
  }
}

function uniqueId(): string {
  return `c-${crypto.randomUUID()}`;
}
