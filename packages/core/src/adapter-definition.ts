import type { Awaitable } from './awaitable.ts';

/** Where adapters can run; workers count as what they run in. */
export type Platform = 'node' | 'browser';

/** How a parameter of a URL is read: as text, as a whole number, or as `on` or `off`. */
export type AdapterParameter = 'text' | 'count' | 'switch';

/** Which option the part of a URL after its scheme becomes, and how it is read. */
export interface AdapterTarget {
  readonly option: string;
  /**
   * - `path`: what follows the colon, percent-decoded
   * - `url`: the scheme and what follows it, up to the question mark; must go on with `//`
   * - `inner-url`: what follows the colon, as it stands; may be empty
   */
  readonly kind: 'path' | 'url' | 'inner-url';
}

/** How a URL of one scheme becomes an adapter. */
export interface AdapterScheme<Adapter> {
  /** The only platform it runs on. Default: any. */
  readonly platform?: Platform | undefined;
  /** Default: nothing may follow the scheme but parameters. */
  readonly target?: AdapterTarget | undefined;
  /** The options that parameters of the URL may set. Default: none. */
  readonly parameters?: Readonly<Record<string, AdapterParameter>> | undefined;
  /**
   * Makes the adapter, not yet open. Its options are those of the URL, which it checks itself, and those
   * that the service gives to every adapter of its kind: `clock`; a realtime cache also `tradingHours`.
   */
  readonly create: (options: never) => Awaitable<Adapter>;
}

/**
 * What makes adapters of one kind from URLs. Each adapter package exports one; those that market-data does
 * not know by themselves are given to it as `adapters`.
 *
 * ```ts
 * export const acmeStorage: StorageAdapter = {
 *   kind: 'storage',
 *   schemes: {
 *     acme: {
 *       target: { option: 'path', kind: 'path' },
 *       parameters: { readers: 'count' },
 *       create: (options: AcmeStorageOptions) => new AcmeStorage(options),
 *     },
 *   },
 * };
 * ```
 */
export interface AdapterDefinition<Kind extends string, Adapter> {
  readonly kind: Kind;
  /** By scheme, without the colon: lower-case letters, digits, `+`, `.` and `-`, a letter first. */
  readonly schemes: Readonly<Record<string, AdapterScheme<Adapter>>>;
}
