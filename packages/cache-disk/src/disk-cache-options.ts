import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { AbstractCacheOptions } from '@barkeep/cache';
import { invalidInput } from '@barkeep/core';

export interface DiskCacheOptions extends AbstractCacheOptions {
  /**
   * Where the entries go; made when it does not exist. Nothing else may be in it. Default: a folder
   * for this user within the system's temporary directory, which all caches without this share.
   */
  readonly directory?: string | undefined;
  /** The most entries it keeps; the least recently used go first. Default: 100,000. */
  readonly maxEntries?: number | undefined;
  /** The most bytes its files have; the least recently used go first. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
}

export interface CheckedDiskCacheOptions {
  /** Absolute. */
  readonly directory: string;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

const DEFAULT_MAX_ENTRIES = 100_000;
const DEFAULT_MAX_BYTES = 1_024 ** 3;

/** @throws BarkeepError `INVALID_INPUT` naming the option. */
export function checkOptions(options: DiskCacheOptions): CheckedDiskCacheOptions {
  const {
    directory = join(tmpdir(), `barkeep-cache-${userInfo().username}`),
    maxEntries = DEFAULT_MAX_ENTRIES,
    maxBytes = DEFAULT_MAX_BYTES,
  } = options;
  if (typeof directory !== 'string' || directory.trim() === '' || directory.includes('\0')) {
    throw invalidInput({ field: 'directory', rule: 'must be a path', value: directory });
  }
  for (const [field, value] of Object.entries({ maxEntries, maxBytes })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw invalidInput({ field, rule: 'must be a whole number above 0', value });
  }
  return { directory: resolve(directory), maxEntries, maxBytes };
}
