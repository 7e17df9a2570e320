import type { ManualClock } from '@barkeep/core';

/** What the suites need of every handle they test. */
export interface ConformanceSubject {
  readonly capabilities: object;
  open(): Promise<void>;
  close(): Promise<void>;
}

/** What a harness gets for each set of data it makes. */
export interface HarnessContext {
  /** Hand it to the adapter: scenarios move it to make things expire. */
  readonly clock: ManualClock;
  /** Unique in this process and in time; fit for file names and key prefixes: `[a-z0-9-]+`. */
  readonly id: string;
  /** Runs after the subjects were closed, last registered first. */
  onCleanup(cleanup: () => void | Promise<void>): void;
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
}

/** Where backups that are files go. */
export interface BackupPlaces<Subject extends ConformanceSubject> {
  /** A path in a directory of the context's own, where nothing is yet; the harness removes what will be. */
  path(name: string, context: HarnessContext): string;
  /** A subject over the database at a path, not opened. */
  open(path: string, context: HarnessContext): Subject;
}

/** How a suite gets hold of an adapter. */
export interface ConformanceHarness<Subject extends ConformanceSubject> {
  /** What reports call it, such as `storage-sqlite (memory)`. */
  readonly name: string;
  /** A new subject over empty data of its own, not opened. */
  create(context: HarnessContext): Promise<Subject>;
  /** Another subject over the data of a closed one, not opened. Absent when its data is gone. */
  readonly reopen?: (subject: Subject, context: HarnessContext) => Promise<Subject>;
  /** Removes what is left of the data after all subjects of the context were closed. */
  readonly destroy?: (context: HarnessContext) => Promise<void>;
  /**
   * Lets time pass for the subjects. Needed only where values expire by another clock than the
   * context's, such as a server's. Default: `clock.advance(ms)`.
   */
  readonly advance?: (ms: number, clock: ManualClock) => void | Promise<void>;
  /** How exact `advance` is: what expires is gone so many milliseconds later. Default: 1. */
  readonly timeStepMs?: number;
  /**
   * The ways in which something else can spoil what is kept in a place, by name: foreign text, another
   * type, bytes cut off, another version. Absent where nothing else can get at it.
   */
  readonly damages?: Readonly<
    Record<string, (place: KeptPlace, context: HarnessContext, subject: Subject) => unknown>
  >;
  /** Needed where backups are files. */
  readonly backups?: BackupPlaces<Subject>;
  /**
   * Scenarios known to fail, by key, with the reason. They are still run: one that passes is
   * reported as failed, so that the list stays true. A key that does not exist is an error.
   */
  readonly knownGaps?: Readonly<Record<string, string>>;
  readonly model?: ModelOptions;
}
