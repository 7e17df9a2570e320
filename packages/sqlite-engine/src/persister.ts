/**
 * Keeps the bytes of one database from one session to the next, as a whole. Give one to
 * `new SqlJsStorage({ persister })`; the storage calls `load` first, `close` last, and never two at a time.
 *
 * What goes wrong should be a `BarkeepError`; anything else that is thrown is reported as `IO`.
 * `runPersisterConformance` of `@barkeep/conformance/sqlite` tests all of this.
 */
export interface Persister {
  /** What errors call it, such as a path. */
  readonly name: string;
  /** `true`: the storage takes the database as it is, refuses writes (`READ_ONLY`), and never saves. */
  readonly readOnly?: boolean | undefined;
  /**
   * Takes hold of the database and reads it; `undefined` when there is none yet. The storage may keep
   * or move away the bytes.
   * @throws BarkeepError `BUSY` when somebody else has hold of it.
   */
  load(): Promise<Uint8Array | undefined>;
  /**
   * Replaces the bytes, and resolves when they are safe. All or nothing: when it throws, or the
   * process ends meanwhile, the next `load` gives what the last save stored. What is stored, and the
   * array that was given, may differ in the header's counters of changes (bytes 24 to 27 and 92 to 95).
   * @throws BarkeepError `DISK_FULL`, or `BUSY` when somebody else has changed the database. Rejects and
   * changes nothing when nothing is loaded, and after `close`.
   */
  save(bytes: Uint8Array): Promise<void>;
  /**
   * Checks that what `load` took is still there and has not been changed by somebody else. The storage
   * asks before it calls a flush, or its closing, done. Optional.
   * @throws BarkeepError when a save would fail for that.
   */
  check?(): Promise<void>;
  /** Lets go of what `load` took; also called after a `load` that threw. Does nothing when it is closed. */
  close(): Promise<void>;
}
