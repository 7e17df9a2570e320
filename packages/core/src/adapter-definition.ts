import type { Awaitable } from './awaitable.ts';

/** Where an adapter can run. A worker counts as the platform it runs on. */
export type Platform = 'node' | 'browser';

/**
 * How a URL parameter is parsed: `text` as is, `count` as a whole number, `switch` as `on` or
 * `off`.
 */
export type AdapterParameter = 'text' | 'count' | 'switch';

/** Maps the part of a URL after its scheme to an option of the adapter. */
export interface AdapterTarget {
  /** The name of the option that receives it. */
  readonly option: string;
  /**
   * - `path`: what follows the colon, percent-decoded
   * - `url`: the scheme and what follows it, up to the question mark; must go on with `//`
   * - `inner-url`: what follows the colon, as it stands; may be empty
   */
  readonly kind: 'path' | 'url' | 'inner-url';
}

/** How a URL of one scheme is turned into an adapter. */
export interface AdapterScheme<Adapter> {
  /** The only platform the adapter runs on. Default: any. */
  readonly platform?: Platform | undefined;
  /**
   * The option set from the part after the scheme. Default: none; only parameters may follow the
   * scheme.
   */
  readonly target?: AdapterTarget | undefined;
  /** The options that URL parameters may set. Any other parameter is an error. Default: none. */
  readonly parameters?: Readonly<Record<string, AdapterParameter>> | undefined;
  /**
   * Creates the adapter without opening it. Receives the options read from the URL, which the
   * adapter validates itself, plus those the service passes to every adapter of this kind: `clock`,
   * and `tradingHours` for a realtime cache.
   */
  readonly create: (options: never) => Awaitable<Adapter>;
}

/**
 * Defines how adapters of one kind are created from URLs. Every adapter package exports one. Pass
 * it to `createMarketData` as `adapters` unless market-data already knows the package.
 *
 * @example
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
 */
export interface AdapterDefinition<Kind extends string, Adapter> {
  readonly kind: Kind;
  /**
   * Schemes by name, without the colon. A name starts with a letter and has only lower-case
   * letters, digits, `+`, `.` and `-`.
   */
  readonly schemes: Readonly<Record<string, AdapterScheme<Adapter>>>;
}
