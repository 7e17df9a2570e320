import type { ThreadClient } from '@barkeep/sqlite-engine';
import type { Persister } from '../persister.ts';
import type { PersisterCalls, Place } from './persister-calls.ts';

/**
 * A persister that does its work in the database's thread: checksums and copies of a large database
 * would hold up the page. The bytes are moved there and back.
 */
export class ThreadPersister implements Persister {
  readonly name: string;
  readonly #place: Place;
  readonly #thread: ThreadClient<PersisterCalls>;

  constructor(name: string, place: Place, thread: ThreadClient<PersisterCalls>) {
    this.name = name;
    this.#place = place;
    this.#thread = thread;
  }

  async load(): Promise<Uint8Array | undefined> {
    return this.#thread.call('load', [this.#place, this.name]);
  }

  async save(bytes: Uint8Array): Promise<void> {
    const moved = bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
    return this.#thread.call('save', [bytes], moved);
  }

  async close(): Promise<void> {
    return this.#thread.call('letGo', []);
  }
}
