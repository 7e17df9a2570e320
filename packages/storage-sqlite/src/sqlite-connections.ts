import { WorkerClient } from './worker-client.ts';
import type { ConnectionOptions } from './worker-protocol.ts';

/** The connections of one storage: one that writes and any number that only read. */
export class SqliteConnections {
  readonly writer: WorkerClient = new WorkerClient();
  readonly #readers: readonly WorkerClient[];
  #inode: string | undefined;

  private constructor(readerCount: number) {
    this.#readers = Array.from({ length: readerCount }, () => new WorkerClient());
  }

  static async open(
    options: Omit<ConnectionOptions, 'access'>,
    readerCount: number,
  ): Promise<SqliteConnections> {
    // All threads start at once; the writer's connection opens first, because it makes the database.
    const connections = new SqliteConnections(readerCount);
    try {
      await connections.#open(options);
      return connections;
    } catch (error) {
      // Why they did not open says more than what follows from that.
      await connections.close().catch(() => undefined);
      throw error;
    }
  }

  /** Device and inode of the database file. */
  get inode(): string | undefined {
    return this.#inode;
  }

  /** The connection for a read: the reader with the least to do, or the writer when there is none. */
  get reader(): WorkerClient {
    return this.#readers.reduce(
      (best, reader) => (reader.pending < best.pending ? reader : best),
      this.follower,
    );
  }

  /** A reader beside that one which has nothing to do. */
  get idleReader(): WorkerClient | undefined {
    const busier = this.reader;
    return this.#readers.find((reader) => reader !== busier && reader.pending === 0);
  }

  /** Always the same reader: the one that follows the change log. */
  get follower(): WorkerClient {
    return this.#readers[0] ?? this.writer;
  }

  /** @throws BarkeepError `CANNOT_OPEN` when what was stored is not in the file of that name. */
  async close(): Promise<void> {
    // The last connection to close empties the WAL, and only the writer can.
    const closing = await Promise.allSettled(this.#readers.map((reader) => reader.close()));
    await this.writer.close();
    for (const one of closing) if (one.status === 'rejected') throw one.reason;
  }

  async #open(options: Omit<ConnectionOptions, 'access'>): Promise<void> {
    const warmedUp = Promise.all(this.#readers.map((reader) => reader.call('warmUp', [])));
    const [inode] = await Promise.all([
      this.writer.call('open', [{ ...options, access: 'read-write' }]),
      warmedUp,
    ]);
    this.#inode = inode;
    await Promise.all(
      this.#readers.map((reader) =>
        reader.call('open', [{ ...options, access: 'read-only', inode }]),
      ),
    );
  }
}
