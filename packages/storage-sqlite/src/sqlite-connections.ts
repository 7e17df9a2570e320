import { WorkerClient } from './worker-client.ts';
import type { ConnectionOptions } from './worker-protocol.ts';

/** The connections of one storage: one that writes and any number that only read. */
export class SqliteConnections {
  readonly writer: WorkerClient;
  readonly #readers: readonly WorkerClient[];

  private constructor(writer: WorkerClient, readers: readonly WorkerClient[]) {
    this.writer = writer;
    this.#readers = readers;
  }

  static async open(
    options: Omit<ConnectionOptions, 'access'>,
    readerCount: number,
  ): Promise<SqliteConnections> {
    // All threads start at once; the writer's connection opens first, because it makes the database.
    const writer = new WorkerClient();
    const readers = Array.from({ length: readerCount }, () => new WorkerClient());
    const connections = new SqliteConnections(writer, readers);
    try {
      const warmedUp = Promise.all(readers.map((reader) => reader.call('warmUp', [])));
      await Promise.all([writer.call('open', [{ ...options, access: 'read-write' }]), warmedUp]);
      await Promise.all(
        readers.map((reader) => reader.call('open', [{ ...options, access: 'read-only' }])),
      );
      return connections;
    } catch (error) {
      await connections.close();
      throw error;
    }
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

  async close(): Promise<void> {
    // The last connection to close empties the WAL, and only the writer can.
    await Promise.all(this.#readers.map((reader) => reader.close()));
    await this.writer.close();
  }
}
