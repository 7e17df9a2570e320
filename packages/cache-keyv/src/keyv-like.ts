/** What the cache needs of a Keyv. Those of Keyv 5.6 and of Keyv 6 have it. */
export interface KeyvLike {
  /** Where it keeps its values: a `Map` or an adapter. */
  readonly store: unknown;
  /** What is kept under a key: `{ value }`, or nothing. */
  getRaw(key: string): Promise<unknown>;
  getManyRaw(keys: string[]): Promise<readonly unknown[]>;
  set(key: string, value: string, ttl?: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  disconnect(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
}
