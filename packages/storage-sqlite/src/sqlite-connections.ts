import type { BarkeepError } from '@barkeep/core';
import { WorkerClient } from './worker-client.ts';
import type { ConnectionOptions, OpenedFile } from './worker-protocol.ts';

/** Readers that could not be started: then reads do without more of them. */
const MOST_FAILURES = 3;

/** What every connection of one storage has in common. */
export type SharedOptions = Omit<ConnectionOptions, 'access'>;

/** Is told of what threads do by themselves, and of readers that could not be started. */
export interface ConnectionFailures {
  readonly ofCompaction: (error: BarkeepError) => void;
  readonly ofReader: (error: unknown) => void;
}

/** How many connections may only read, and whether they start with the storage. */
export interface ReaderCount {
  readonly most: number;
  readonly atOnce: boolean;
}

/**
 * The connections of one storage: one that writes, and up to so many that only read. Unless they start at
 * once, each reader starts when a read would have to wait for another call; until one is there, reads take
 * turns with writes.
 */
export class SqliteConnections {
  readonly writer: WorkerClient;
  readonly #options: SharedOptions;
  readonly #counts: ReaderCount;
  readonly #failures: ConnectionFailures;
  readonly #readers: WorkerClient[] = [];
  #starting: WorkerClient | undefined;
  #attempts = MOST_FAILURES;
  #file: OpenedFile | undefined;
  #isClosing = false;

  private constructor(options: SharedOptions, counts: ReaderCount, failures: ConnectionFailures) {
    this.#options = options;
    this.#counts = counts;
    this.#failures = failures;
    this.writer = new WorkerClient(failures.ofCompaction);
  }

  static async open(
    options: SharedOptions,
    counts: ReaderCount,
    failures: ConnectionFailures,
  ): Promise<SqliteConnections> {
    const connections = new SqliteConnections(options, counts, failures);
    try {
      await connections.#open(options);
      return connections;
    } catch (error) {
      // Why it did not open says more than what follows from that.
      await connections.close().catch(() => undefined);
      throw error;
    }
  }

  /** What a further connection to the same file must know. */
  get file(): OpenedFile | undefined {
    return this.#file;
  }

  /** The connection for a read: the reader with the least to do, or the writer while there is none. */
  get reader(): WorkerClient {
    const best = this.#leastBusy();
    if (best.pending > 0) this.startReader();
    return best;
  }

  /** A reader beside that one which has nothing to do. */
  get idleReader(): WorkerClient | undefined {
    const busier = this.#leastBusy();
    return this.#readers.find((reader) => reader !== busier && reader.pending === 0);
  }

  /** Starts one reader more, unless that is under way or there are enough: in the background. */
  startReader(): void {
    const isEnough = this.#readers.length >= this.#counts.most || this.#file?.isAlone !== false;
    if (isEnough || this.#starting !== undefined || this.#isClosing) return;
    if (this.#attempts === 0) return;
    const reader = new WorkerClient(this.#failures.ofCompaction);
    this.#starting = reader;
    void this.#start(reader, { ...this.#options, access: 'read-only', ...this.#file });
  }

  /** @throws BarkeepError `CANNOT_OPEN` when what was stored is not in the file of that name. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const readers = this.#readers.splice(0);
    // The last connection to close empties the WAL, and only the writer can.
    await Promise.all([this.#starting?.kill(), ...readers.map((reader) => reader.close())]).finally(
      () => this.writer.close(),
    );
  }

  /** All threads start at once; the writer's connection opens first, because it makes the database. */
  async #open(options: SharedOptions): Promise<void> {
    const { most, atOnce } = this.#counts;
    for (let i = 0; atOnce && i < most; i += 1) {
      this.#readers.push(new WorkerClient(this.#failures.ofCompaction));
    }
    const warmedUp = Promise.all(this.#readers.map((reader) => reader.call('warmUp', [])));
    const opening = this.writer.call('open', [{ ...options, access: 'read-write' }]);
    const [file] = await Promise.all([opening, warmedUp]);
    this.#file = file;
    if (file.isAlone) await Promise.all(this.#readers.splice(0).map((reader) => reader.close()));
    await Promise.all(
      this.#readers.map((reader) =>
        reader.call('open', [{ ...options, access: 'read-only', ...file }]),
      ),
    );
  }

  async #start(reader: WorkerClient, options: ConnectionOptions): Promise<void> {
    try {
      await reader.call('warmUp', []);
      await reader.call('open', [options]);
      if (!this.#isClosing) this.#readers.push(reader);
    } catch (error) {
      await reader.kill();
      if (this.#isClosing) return;
      this.#attempts -= 1;
      this.#failures.ofReader(error);
    } finally {
      this.#starting = undefined;
    }
  }

  #leastBusy(): WorkerClient {
    const [first = this.writer, ...others] = this.#readers;
    return others.reduce((best, reader) => (reader.pending < best.pending ? reader : best), first);
  }
}
