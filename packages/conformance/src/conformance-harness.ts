import type { ManualClock } from '@barkeep/core';

/** What the suites need of all they test. */
export interface ConformanceSubject {
  readonly capabilities?: object | undefined;
  /** Absent where there is nothing to open. */
  open?(): Promise<void>;
  close(): unknown;
}

/** What a harness gets for each set of data. */
export interface HarnessContext {
  /** Hand it to the adapter: scenarios move it to make things expire. */
  readonly clock: ManualClock;
  /** Unique in this process and in time; fit for file names and key prefixes: `[a-z0-9-]+`. */
  readonly id: string;
  /** An empty directory for the files of this data, removed when the scenario ends. Not in browsers. */
  readonly directory: string;
  /** Runs after the subjects were closed, last registered first. */
  onCleanup(cleanup: () => unknown): void;
}

/** Where an adapter keeps a value: a part of its contract, and a symbol or a key. */
export interface KeptPlace {
  readonly kind: 'tickers' | 'orderBooks' | 'trades' | 'entries';
  readonly name: string;
}

/** How many command sequences the model-based scenarios try, and where they start. */
export interface ModelOptions {
  /** Default: 1,000. */
  readonly runs?: number;
  /** Repeats a failed run together with `path`: both are in its message. Default: at random. */
  readonly seed?: number;
  readonly path?: string;
  /** How long a sequence that fails may be shortened, in milliseconds; 0: reported as found. Default: 20,000. */
  readonly shrinkMs?: number;
}

/** How a suite gets hold of an adapter. */
export interface ConformanceHarness<Subject extends ConformanceSubject> {
  /** What reports call it, such as `storage-sqlite (memory)`. */
  readonly name: string;
  /**
   * A new subject over the data of a context, not opened. A new context has no data. Called again with a
   * context where data outlives its handle, or where several handles share it: over the same data.
   *
   * @param image Only where an SQLite driver is tested: a database that its data begins with.
   */
  create(context: HarnessContext, image?: Uint8Array): Subject | Promise<Subject>;
  /**
   * `import.meta.url` of the module that exports this harness in a list named `harnesses`. Needed where
   * data survives the end of a process or is shared between processes: the suite starts and kills one.
   */
  readonly module?: string;
  /** A subject over a file, or a database of this name; not opened. Needed where backups are files. */
  readonly createAt?: (path: string, context: HarnessContext) => Subject | Promise<Subject>;
  /**
   * Ways in which what lies below the adapter can fail, by name. Each makes writes fail from now on,
   * as late in a write as it can, and returns what ends that. Absent where nothing can.
   */
  readonly faults?: Readonly<
    Record<
      string,
      (subject: Subject, context: HarnessContext) => Promise<() => void | Promise<void>>
    >
  >;
  /**
   * Ways in which a process can end in the midst of a write, by name. Each makes the next write of a
   * subject end the process, as late as it can. Absent where no write takes several steps of its own.
   */
  readonly crashes?: Readonly<
    Record<string, (subject: Subject, context: HarnessContext) => unknown>
  >;
  /**
   * The ways in which something else can spoil what is kept in a place, by name: foreign text, another
   * type, bytes cut off, another version. Absent where nothing else can get at it.
   */
  readonly damages?: Readonly<
    Record<string, (place: KeptPlace, context: HarnessContext, subject: Subject) => unknown>
  >;
  /**
   * Lets time pass for the subjects. Needed only where values expire by another clock than the
   * context's, such as a server's. Default: `clock.advance(ms)`.
   */
  readonly advance?: (ms: number, clock: ManualClock) => void | Promise<void>;
  /** How exact `advance` is: what expires is gone so many milliseconds later. Default: 1. */
  readonly timeStepMs?: number;
  /**
   * How long what another handle or process does may take to arrive here, by the machine's clock, in
   * milliseconds. Default: 20,000, for a busy machine.
   */
  readonly arrivalMs?: number;
  /**
   * Scenarios known to fail, by key, with the reason. They are still run: one that passes is
   * reported as failed, so that the list stays true. A key that does not exist is an error.
   */
  readonly knownGaps?: Readonly<Record<string, string>>;
  readonly model?: ModelOptions;
}
