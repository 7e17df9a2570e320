import type { AbstractCacheOptions, CacheCapabilities } from '@barkeep/cache';
import { invalidInput } from '@barkeep/core';
import { INDEX_SHARDS } from './entry-index.ts';
import type { KeyvLike } from './keyv-like.ts';

export interface KeyvCacheOptions extends AbstractCacheOptions {
  /** A Keyv of version 5.6 or 6, over any store. Used as it is; other data in it is left alone. */
  readonly keyv: KeyvLike;
  /** Keeps caches that share a store apart: letters, digits, `-` and `_`. Default: `barkeep`. */
  readonly namespace?: string | undefined;
  /** Whether `close` disconnects the Keyv. Default: false, it belongs to whoever made it. */
  readonly ownsKeyv?: boolean | undefined;
  /** Whether other processes see the store: Keyv does not tell. Default: `process`, they do not. */
  readonly sharing?: CacheCapabilities['sharing'] | undefined;
  /** Whether the store outlives the process: Keyv does not tell. Default: false. */
  readonly persistent?: boolean | undefined;
  /** The most entries it keeps, at least 64; the longest unwritten go first. Default: 64,000. */
  readonly maxEntries?: number | undefined;
  /** How long an access of the store may take, in milliseconds of the machine's clock. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
}

export interface CheckedKeyvCacheOptions {
  readonly keyv: KeyvLike;
  readonly namespace: string;
  readonly ownsKeyv: boolean;
  readonly sharing: CacheCapabilities['sharing'];
  readonly persistent: boolean;
  readonly maxEntries: number;
  readonly timeoutMs: number;
}

const DEFAULT_MAX_ENTRIES = 64_000;
const DEFAULT_TIMEOUT_MS = 5_000;
const METHODS = ['getRaw', 'getManyRaw', 'set', 'delete', 'disconnect', 'on', 'off'] as const;

/** @throws BarkeepError `INVALID_INPUT` naming the option. */
export function checkOptions(options: KeyvCacheOptions): CheckedKeyvCacheOptions {
  const {
    keyv,
    namespace = 'barkeep',
    ownsKeyv = false,
    sharing = 'process',
    persistent = false,
    maxEntries = DEFAULT_MAX_ENTRIES,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  validateKeyv(keyv);
  if (typeof namespace !== 'string' || !/^[\w-]{1,64}$/.test(namespace)) {
    throw fault('namespace', 'must be 1 to 64 letters, digits, "-" and "_"', namespace);
  }
  if (sharing !== 'process' && sharing !== 'multi-process') {
    throw fault('sharing', 'must be "process" or "multi-process"', sharing);
  }
  for (const [field, value] of Object.entries({ ownsKeyv, persistent })) {
    if (typeof value !== 'boolean') throw fault(field, 'must be true or false', value);
  }
  if (!Number.isSafeInteger(maxEntries) || maxEntries < INDEX_SHARDS) {
    throw fault('maxEntries', `must be a whole number of at least ${INDEX_SHARDS}`, maxEntries);
  }
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw fault('timeoutMs', 'must be a number of milliseconds above 0', timeoutMs);
  }
  return { keyv, namespace, ownsKeyv, sharing, persistent, maxEntries, timeoutMs };
}

function validateKeyv(keyv: KeyvLike): void {
  const isKeyv = METHODS.every((method) => typeof keyv?.[method] === 'function');
  if (!isKeyv) throw fault('keyv', 'must be a Keyv of version 5.6 or 6', keyv);
  const { opts } = keyv as { readonly opts?: { readonly emitErrors?: unknown } };
  // Most stores tell of a failure by this event alone, and answer as if nothing were there.
  if (opts?.emitErrors === false) throw fault('keyv', 'must emit errors (emitErrors)', keyv);
}

function fault(field: string, rule: string, value: unknown): Error {
  return invalidInput({ field, rule, value });
}
