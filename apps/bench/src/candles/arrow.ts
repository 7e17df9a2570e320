import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CandleColumns, EpochMs, Interval, RequiredColumn, SeriesKey } from '@barkeep/core';
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import type { CandlePeer } from './candle-peer.ts';
import { type ChunkColumns, ChunkedStore, type Chunks } from './chunked-store.ts';
import { seriesFileName } from './series-file-name.ts';

const THIRTY_DAYS_MS = 30 * 86_400_000;
const ENDING = '.arrow';

export const arrowFiles: CandlePeer = {
  name: 'Arrow files',
  description:
    'apache-arrow IPC files (Feather 2, uncompressed: the JavaScript library writes no other), one per series and 30 days, written to a temporary name and renamed, without fsync; read whole with readFileSync',
  libraries: ['apache-arrow'],
  durable: true,
  replaces: true,
  open: async (directory) => new ChunkedStore(new ArrowChunks(directory), THIRTY_DAYS_MS),
};

class ArrowChunks implements Chunks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async commit(work: () => void): Promise<void> {
    work();
  }

  put(key: SeriesKey, start: EpochMs, columns: CandleColumns): void {
    const path = this.#pathOf(key, start);
    mkdirSync(this.#directoryOf(key), { recursive: true });
    writeFileSync(`${path}.new`, tableToIPC(tableFromArrays({ ...columns }), 'file'));
    renameSync(`${path}.new`, path);
  }

  get(key: SeriesKey, start: EpochMs): ChunkColumns | undefined {
    const path = this.#pathOf(key, start);
    return existsSync(path) ? readColumns(path) : undefined;
  }

  *walk(key: SeriesKey, { from, to }: Interval, direction: 'up' | 'down'): Generator<ChunkColumns> {
    const starts = this.#starts(key).filter((start) => start >= from && start < to);
    if (direction === 'down') starts.reverse();
    for (const start of starts) yield readColumns(this.#pathOf(key, start));
  }

  async close(): Promise<void> {}

  #starts(key: SeriesKey): EpochMs[] {
    const directory = this.#directoryOf(key);
    if (!existsSync(directory)) return [];
    return readdirSync(directory)
      .map((name) => Number(name.slice(0, -ENDING.length)))
      .sort((a, b) => a - b);
  }

  #pathOf(key: SeriesKey, start: EpochMs): string {
    return join(this.#directoryOf(key), `${start}${ENDING}`);
  }

  #directoryOf(key: SeriesKey): string {
    return join(this.#directory, seriesFileName(key));
  }
}

function readColumns(path: string): ChunkColumns {
  const table = tableFromIPC(readFileSync(path));
  const column = (name: RequiredColumn): Float64Array => {
    const values: unknown = table.getChild(name)?.toArray();
    if (values instanceof Float64Array) return values;
    throw new TypeError(`${path} has no column ${name} of doubles`);
  };
  return {
    timestamp: column('timestamp'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}
