import type { BarkeepError } from '@barkeep/core';
import { WorkerClient } from './worker-client.ts';
import type { ConnectionOptions, OpenedFile } from './worker-protocol.ts';

/** The connections of one storage: one that writes and any number that only read. */
export class SqliteConnections {
  readonly writer: WorkerClient;
  #readers: readonly WorkerClient[];
  #file: OpenedFile | undefined;

  private constructor(readerCount: number, onFailure: (error: BarkeepError) => void) {
    this.writer = new WorkerClient(onFailure);
    this.#readers = Array.from({ length: readerCount }, () => new WorkerClient(onFailure));
  }

  static async open(
    options: Omit<ConnectionOptions, 'access'>,
    readerCount: number,
    onFailure: (error: BarkeepError) => void,
  ): Promise<SqliteConnections> {
    // All threads start at once; the writer's connection opens first, because it makes the database.
    const connections = new SqliteConnections(readerCount, onFailure);
    try {
      await connections.#open(options);
      return connections;
    } catch (error) {
      // Why they did not open says more than what follows from that.
      await connections.close().catch(() => undefined);
      throw error;
    }
  }

  /** What a further connection to the same file must know. */
  get file(): OpenedFile | undefined {
    return this.#file;
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
    await this.#closeReaders().finally(() => this.writer.close());
  }

  async #closeReaders(): Promise<void> {
    const readers = this.#readers;
    this.#readers = [];
    await Promise.all(readers.map((reader) => reader.close()));
  }

  async #open(options: Omit<ConnectionOptions, 'access'>): Promise<void> {
    const warmedUp = Promise.all(this.#readers.map((reader) => reader.call('warmUp', [])));
    const [file] = await Promise.all([
      this.writer.call('open', [{ ...options, access: 'read-write' }]),
      warmedUp,
    ]);
    this.#file = file;
    if (file.isAlone) await this.#closeReaders();
    await Promise.all(
      this.#readers.map((reader) =>
        reader.call('open', [{ ...options, access: 'read-only', ...file }]),
      ),
    );
  }
}
