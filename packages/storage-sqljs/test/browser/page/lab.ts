/** What the tests find in the page, as `lab`. */
import type { HarnessContext } from '@barkeep/conformance';
import { runStorageConformance, storageSuite } from '@barkeep/conformance/storage';
import { BarkeepError } from '@barkeep/core';
import {
  IndexedDbPersister,
  OpfsPersister,
  type Persister,
  SqlJsStorage,
  type SqlJsStorageOptions,
} from '@barkeep/storage-sqljs';

/** Where a page keeps its database. */
export type Place = 'OPFS' | 'IndexedDB';

const persisters = { OPFS: OpfsPersister, IndexedDB: IndexedDbPersister } as const;

/** An open storage, and how often it was saved. */
let storage: SqlJsStorage | undefined;
let saves = 0;

export const lab = {
  SqlJsStorage,

  persister(place: Place, name: string): Persister {
    return new persisters[place](name);
  },

  /** A persister of the page's own, which counts what it saves. */
  countingPersister(place: Place, name: string): Persister {
    const persister = lab.persister(place, name);
    return {
      name,
      load: () => persister.load(),
      save: async (bytes) => {
        await persister.save(bytes);
        saves += 1;
      },
      close: () => persister.close(),
    };
  },

  /** Opens the storage of this page. */
  async open(
    place: Place,
    name: string,
    options: Partial<SqlJsStorageOptions> = {},
  ): Promise<SqlJsStorage> {
    const persister = lab.persister(place, name);
    const opening = new SqlJsStorage({ persister, ...options });
    await opening.open();
    storage = opening;
    return opening;
  },

  get storage(): SqlJsStorage {
    if (storage === undefined) throw new Error('no storage is open');
    return storage;
  },

  get saves(): number {
    return saves;
  },

  /** Writes a candle and flushes, again and again, and prints how many are safe. */
  async saveForever(place: Place, name: string): Promise<void> {
    const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
    const { candles } = await lab.open(place, name, { saveDelayMs: 1 });
    for (let i = (await candles.read(key)).length; ; i += 1) {
      const candle = { timestamp: i * 60_000, open: 1, high: 1, low: 1, close: 1, volume: i };
      await candles.write({ key, candles: [candle] });
      await lab.storage.flush();
      console.log(i + 1);
    }
  },

  /** Runs scenarios by the start of their key; tiny segments bring every one to their boundaries. */
  async conformance(
    place: Place,
    prefixes: readonly string[],
  ): Promise<{ passed: number; failed: string[]; skipped: string[] }> {
    const create = async ({ id, clock }: HarnessContext) =>
      new SqlJsStorage({
        persister: lab.persister(place, id),
        archive: { segmentCandles: 16, keepRows: 8, bulkCandles: 4, automatic: false },
        clock,
      });
    const only = storageSuite.scenarios
      .map(({ key }) => key)
      .filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
    const { passed, failed, skipped } = await runStorageConformance(
      {
        name: `storage-sqljs over ${place}`,
        model: { runs: 10 },
        create,
        reopen: (_, context) => create(context),
      },
      { only },
    );
    return {
      passed: passed.length,
      failed: failed.map(({ key, error }) => `${key}: ${error}`),
      skipped: skipped.map(({ key }) => key),
    };
  },

  /** Makes the database almost three megabytes larger, and nothing can compress them. */
  async addBallast(): Promise<void> {
    for (const key of ['one', 'two', 'three']) {
      const texts = Array.from({ length: 11 }, () => base64Of(randomBytes(65_535)));
      await lab.storage.metadata.set(key, texts.join(''));
    }
  },

  /** The error that a call rejects with, as plain values. */
  async rejection(call: () => unknown): Promise<object> {
    try {
      await call();
    } catch (error) {
      if (!BarkeepError.is(error)) throw error;
      const { code, retryable, message, details } = error;
      return { code, retryable, message, details };
    }
    throw new Error('nothing was thrown');
  },

  /** The bytes of a database that is not open, as base64. */
  async download(place: Place, name: string): Promise<string> {
    const persister = lab.persister(place, name);
    try {
      const bytes = (await persister.load()) ?? new Uint8Array();
      return base64Of(bytes);
    } finally {
      await persister.close();
    }
  },

  async upload(place: Place, name: string, base64: string): Promise<void> {
    const persister = lab.persister(place, name);
    try {
      await persister.load();
      await persister.save(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
    } finally {
      await persister.close();
    }
  },
};

function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

declare global {
  interface Window {
    lab: typeof lab;
  }
}

window.lab = lab;
