import { abortedError, throwIfAborted } from '@barkeep/core';
import type { Persister, ThreadClient } from '@barkeep/sqlite-engine';
import type { PersisterCalls, PersisterPlan } from './persister-calls.ts';

/**
 * A persister that does its work in the database's thread: checksums and copies of a large database
 * would hold up the page. The bytes of `load` are moved to the page; those of a save never come there.
 */
export class ThreadPersister implements Persister {
  readonly name: string;
  readonly readOnly: boolean;
  readonly #plan: Omit<PersisterPlan, 'signal'>;
  readonly #signal: AbortSignal | undefined;
  readonly #thread: ThreadClient<PersisterCalls>;
  #isLoading = false;

  constructor({ signal, ...plan }: PersisterPlan, thread: ThreadClient<PersisterCalls>) {
    this.name = plan.name;
    this.readOnly = plan.options.readOnly;
    this.#plan = plan;
    this.#signal = signal;
    this.#thread = thread;
  }

  async load(): Promise<Uint8Array | undefined> {
    const signal = this.#signal;
    throwIfAborted(signal);
    const giveUp = (): void => this.giveUp();
    signal?.addEventListener('abort', giveUp);
    this.#isLoading = true;
    try {
      return await this.#thread.call('load', [this.#plan]);
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : error;
    } finally {
      this.#isLoading = false;
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Ends the wait for a lock. */
  giveUp(): void {
    // A thread that cannot be asked has failed, and with it what would be given up.
    if (this.#isLoading) this.#thread.call('giveUp', []).catch(() => undefined);
  }

  /** The bytes are those that the thread has. */
  async save(): Promise<void> {
    return this.#thread.call('save', []);
  }

  /** A thread that has ended holds nothing any more. */
  async close(): Promise<void> {
    if (!this.#thread.hasEnded) await this.#thread.call('letGo', []);
  }
}
