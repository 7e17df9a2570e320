/// <reference types="vite/client" />
/** What the tests find in the page, as `lab`. */
import type { HarnessContext } from '@barkeep/conformance';
import { BarkeepError, ManualClock } from '@barkeep/core';
import {
  BrowserPersister,
  type BrowserPersisterOptions,
  browserQuota,
  IndexedDbPersister,
  keepBrowserData,
  OpfsPersister,
  type Persister,
  SqlJsStorage,
  type SqlJsStorageOptions,
} from '@barkeep/storage-sqljs';
import workerUrl from '@barkeep/storage-sqljs/web-worker?worker&url';
import { WebWorkerThread } from '../../../src/browser/web-worker-thread.ts';
import serviceWorkerUrl from './foreign-worker.ts?worker&url';

/** Where a page keeps its database. */
export type Place = 'OPFS' | 'IndexedDB' | 'browser';

const persisters = {
  OPFS: OpfsPersister,
  IndexedDB: IndexedDbPersister,
  browser: BrowserPersister,
} as const;
type BrowserDatabase = OpfsPersister | IndexedDbPersister | BrowserPersister;

export interface Refusal {
  readonly code: string;
  readonly retryable: boolean;
  readonly message: string;
  readonly details: object;
}

/** How calls came out: `fulfilled`, or the code of their error. */
export type Outcome = string;

/** The storage that was opened last, and which of its saves failed. */
let storage: SqlJsStorage | undefined;
let saveErrors: Outcome[] = [];

export const lab = {
  SqlJsStorage,
  browserQuota,
  keepBrowserData,

  persister(place: Place, name: string, options?: BrowserPersisterOptions): BrowserDatabase {
    return new persisters[place](name, options);
  },

  /** A persister of the page's own, which keeps the bytes and nothing else. */
  memoryPersister(bytes: Uint8Array): Persister {
    let kept = bytes;
    return {
      name: 'memory',
      load: async () => kept,
      save: async (saved) => {
        kept = saved;
      },
      close: async () => undefined,
    };
  },

  /** Opens the storage of this page. */
  async open(
    place: Place,
    name: string,
    options: Partial<SqlJsStorageOptions> = {},
  ): Promise<SqlJsStorage> {
    const persister = lab.persister(place, name);
    saveErrors = [];
    const onSaveError = ({ code }: BarkeepError): void => void saveErrors.push(code);
    const opening = new SqlJsStorage({ persister, onSaveError, ...options });
    await opening.open();
    storage = opening;
    return opening;
  },

  get storage(): SqlJsStorage {
    if (storage === undefined) throw new Error('no storage is open');
    return storage;
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
    // Most pages run none: without it they load in half the time.
    const { runStorageConformance, storageSuite } = await import('@barkeep/conformance/storage');
    const create = async ({ id, clock }: HarnessContext) =>
      new SqlJsStorage({
        persister: lab.persister(place, id),
        archive: { segmentCandles: 16, keepRows: 8, bulkCandles: 4, automatic: false },
        clock,
      });
    const keys = storageSuite.scenarios.map(({ key }) => key);
    const unknown = prefixes.filter((prefix) => !keys.some((key) => key.startsWith(prefix)));
    if (unknown.length > 0) throw new Error(`the suite has no scenarios ${unknown.join(', ')}`);
    const only = keys.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
    const { passed, failed, skipped } = await runStorageConformance(
      {
        name: `storage-sqljs over ${place}`,
        model: { runs: 10 },
        create,
      },
      { only },
    );
    return {
      passed: passed.length,
      failed: failed.map(({ key, error }) => `${key}: ${error}`),
      skipped: skipped.map(({ key }) => key),
    };
  },

  /** What fails of the suite for persisters, which the page itself uses. */
  async persisterConformance(place: Place): Promise<{ passed: number; failed: string[] }> {
    const { runPersisterConformance } = await import('@barkeep/conformance/sqlite');
    const create = (name: string) => lab.persister(place, name, { lockWaitMs: 0 });
    const { passed, failed } = await runPersisterConformance({
      name: place,
      model: { runs: 200 },
      create: ({ id }) => create(id),
      createNamed: (name, { id }) => create(`${id} ${name}`),
    });
    return { passed: passed.length, failed: failed.map(({ key, error }) => `${key}: ${error}`) };
  },

  /** Makes the database almost three megabytes larger, and nothing can compress them. */
  async addBallast(): Promise<void> {
    for (const key of ['one', 'two', 'three']) {
      const texts = Array.from({ length: 11 }, () => base64Of(randomBytes(65_535)));
      await lab.storage.metadata.set(key, texts.join(''));
    }
  },

  /** How calls come out that are under way, or made later, when the worker ends; and closing then. */
  async endWorker(place: Place, name: string, how: 'terminate' | 'close'): Promise<Outcome[]> {
    const workers: Worker[] = [];
    // The worker of the package, which also ends itself when it is told to.
    const imported = JSON.stringify(new URL(workerUrl, location.href));
    const script = `import ${imported}; addEventListener('message', ({ data }) => data === 'close' && close())`;
    const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    const worker = (): Worker => {
      const started = new Worker(address, { type: 'module' });
      workers.push(started);
      return started;
    };
    const { candles } = await lab.open(place, name, { worker, saveDelayMs: 3_600_000 });
    await lab.storage.flush();
    const write = { key: { symbol: 'KRW-BTC', timeframe: '1m' }, candles: [CANDLE] } as const;
    const underWay = [candles.write(write), lab.storage.export(), lab.storage.flush()];
    if (how === 'terminate') workers[0]?.terminate();
    else workers[0]?.postMessage('close');
    const first = await outcomes(underWay);
    const later = await outcomes([candles.read(write.key), candles.write(write)]);
    return [...first, ...later, ...(await outcomes([lab.storage.close()]))];
  },

  /** What is said of a worker that runs, and is not ours. */
  silentWorker(): Promise<unknown> {
    const clock = new ManualClock();
    const script = URL.createObjectURL(new Blob([''], { type: 'text/javascript' }));
    const thread = new WebWorkerThread(() => new Worker(script), { wasmUrl: '', clock });
    return new Promise((resolve) => {
      thread.on('error', (error) => resolve(BarkeepError.is(error) ? error.message : error));
      clock.advance(30_000);
    });
  },

  /** Leaves this much of what the browser lets the site store. */
  async fillQuota(leftBytes: number): Promise<void> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const directory = await navigator.storage.getDirectory();
    const file = await directory.getFileHandle('ballast', { create: true });
    const writable = await file.createWritable();
    await writable.write(new Uint8Array(quota - usage - leftBytes));
    await writable.close();
  },

  async freeQuota(): Promise<void> {
    await (await navigator.storage.getDirectory()).removeEntry('ballast');
  },

  /** How saving into what is full comes out; the storage stays open. */
  async saveWithoutRoom(): Promise<{ errors: Outcome[]; refusals: Refusal[]; unsaved: boolean }> {
    const refusals: Refusal[] = [];
    await lab.addBallast();
    // More often than there are copies: none may be overwritten.
    while (refusals.length < 3) refusals.push(await lab.rejection(() => lab.storage.flush()));
    return { errors: saveErrors, refusals, unsaved: lab.storage.saveStatus.hasUnsavedChanges };
  },

  /** The error that a call rejects with, as plain values. */
  async rejection(call: () => unknown): Promise<Refusal> {
    try {
      await call();
    } catch (error) {
      if (!BarkeepError.is(error)) throw error;
      const { code, retryable, message, details } = error;
      return { code, retryable, message, details };
    }
    throw new Error('nothing was thrown');
  },

  /** What opening says in a worker that cannot start workers itself. */
  async openInForeignWorker(kind: 'shared' | 'service'): Promise<unknown> {
    if (kind === 'shared') {
      if (typeof SharedWorker === 'undefined') return 'no such workers';
      const worker = new SharedWorker(new URL('./foreign-worker.ts', import.meta.url), {
        type: 'module',
      });
      return answerOf((port) => worker.port.postMessage('open', [port]));
    }
    const { serviceWorker } = navigator;
    const { installing, active } = await serviceWorker.register(serviceWorkerUrl, {
      type: 'module',
    });
    return answerOf((port) => (installing ?? active)?.postMessage('open', [port]));
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

const CANDLE = { timestamp: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };

async function outcomes(calls: readonly Promise<unknown>[]): Promise<Outcome[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => (one.status === 'fulfilled' ? 'fulfilled' : one.reason.code));
}

function answerOf(ask: (port: MessagePort) => void): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  ask(port2);
  return answer;
}

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
