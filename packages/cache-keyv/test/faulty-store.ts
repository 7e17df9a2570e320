import { EventEmitter } from 'node:events';

/**
 * How a store fails: it throws at once, rejects, emits `error` and answers as if nothing were there
 * (as @keyv/redis does), returns `false`, or never answers.
 */
export const FAULTS = ['throws', 'rejects', 'swallows', 'refuses', 'hangs'] as const;
export type Fault = (typeof FAULTS)[number];

/** A Keyv store over a `Map`, which fails when told to. */
export class FaultyStore extends EventEmitter {
  readonly values = new Map<string, unknown>();
  readonly opts: object = { url: '', dialect: 'none' };
  fault: Fault | undefined;

  get(key: string): Promise<unknown> {
    return this.#answer(() => this.values.get(key), 'read');
  }

  set(key: string, value: unknown): Promise<unknown> {
    return this.#answer(() => this.values.set(key, value) && true, 'write');
  }

  delete(key: string): Promise<unknown> {
    return this.#answer(() => this.values.delete(key), 'delete');
  }

  clear(): Promise<unknown> {
    return this.#answer(() => this.values.clear(), 'delete');
  }

  #answer(work: () => unknown, kind: 'read' | 'write' | 'delete'): Promise<unknown> {
    const failure = new Error('the store says no');
    switch (this.fault) {
      case 'throws':
        throw failure;
      case 'rejects':
        return Promise.reject(failure);
      case 'swallows':
        this.emit('error', failure);
        return Promise.resolve(undefined);
      case 'refuses':
        return Promise.resolve(kind === 'write' ? false : work());
      case 'hangs':
        return new Promise(() => undefined);
      default:
        return Promise.resolve(work());
    }
  }
}

/** The same, answering for many keys in one call. */
export class FaultyBatchStore extends FaultyStore {
  getMany(keys: readonly string[]): Promise<unknown[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }
}
