import { arrowFiles } from './arrow.ts';
import { barkeepMemory } from './barkeep-memory.ts';
import { barkeepSqlite } from './barkeep-sqlite.ts';
import { betterSqlite3 } from './better-sqlite3.ts';
import type { CandlePeer } from './candle-peer.ts';
import { duckdb, duckdbWithoutKey } from './duckdb.ts';
import { lmdbJson, lmdbMsgpack } from './lmdb.ts';
import { mapOfArrays } from './map-of-arrays.ts';
import { rawColumns } from './raw-columns.ts';

/** Who is compared with whom: like with like. */
export interface CandleMatch {
  /** What the names of its cases end in. */
  readonly suffix: string;
  readonly title: string;
  /** Barkeep first. */
  readonly peers: readonly CandlePeer[];
}

export const onDisk: CandleMatch = {
  suffix: '',
  title: 'on disk',
  peers: [
    barkeepSqlite,
    betterSqlite3,
    duckdb,
    duckdbWithoutKey,
    lmdbJson,
    lmdbMsgpack,
    arrowFiles,
    rawColumns,
  ],
};

/** Those on disk whose candles can be written over. */
export const replaceable: CandleMatch = {
  ...onDisk,
  peers: onDisk.peers.filter(({ replaces }) => replaces),
};

export const inMemory: CandleMatch = {
  suffix: '-memory',
  title: 'in memory',
  peers: [barkeepMemory, mapOfArrays],
};
