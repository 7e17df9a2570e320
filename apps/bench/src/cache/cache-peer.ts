import type { CandleSeries } from '@barkeep/core';

/**
 * A way to cache pages of candles by key. To add one: a file next to this one, and its name in
 * `cache-peers.ts`.
 */
export interface CachePeer {
  readonly name: string;
  /** How it is written, with the settings that matter. */
  readonly description: string;
  /** The npm packages it measures. */
  readonly libraries: readonly string[];
  open(): Promise<PageCache>;
}

/** The loops are the peer's own: only those who must `await` do. */
export interface PageCache {
  /** Stores the page under each of the keys, one by one, to expire after `CACHE_TTL_MS`. */
  setEach(keys: readonly string[], page: CandleSeries): Promise<void>;
  /** Reads keys one by one; returns how many were there. */
  countHits(keys: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

export const CACHE_TTL_MS = 60_000;

/** More than any case writes: no peer is measured while it evicts. */
export const CACHE_MAX_ENTRIES = 10_000;
