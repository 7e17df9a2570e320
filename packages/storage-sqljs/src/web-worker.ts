/** The Web Worker that runs one database. It is greeted with a port and answers there. */
import { BarkeepError } from '@barkeep/core';
import { type EnginePort, serveEngine } from '@barkeep/sqlite-engine';
import initSqlJs, { type SqlJsStatic } from 'sql.js';
import { persisterCalls } from './browser/persister-calls.ts';
import { watchPolicy } from './browser/policy-watch.ts';
import { webLocks } from './browser/web-locks.ts';
import { ALIVE, type WebWorkerGreeting } from './browser/web-worker-thread.ts';
import { serveDatabase } from './serve-database.ts';

/** How WebAssembly begins: a page that a server sends for everything it lacks does not. */
const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d] as const;

const isWorker = typeof document === 'undefined' && typeof addEventListener === 'function';
if (isWorker) addEventListener('message', ({ data }) => void serve(data), { once: true });

async function serve({ port, wasmUrl, life }: WebWorkerGreeting): Promise<void> {
  live(port, life);
  const enginePort: EnginePort = {
    on: (_, listener) => {
      // Setting this also starts the port, which has kept what came before.
      port.onmessage = ({ data }) => listener(data);
    },
    postMessage: (message, transfer = []) => post(port, message, transfer),
  };
  const defer = (callback: () => void): void => void setTimeout(callback, 0);
  try {
    const sql = await loadSqlite(wasmUrl);
    serveDatabase(enginePort, sql, { otherCalls: persisterCalls, defer });
  } catch (error) {
    const fail = (): never => {
      throw error;
    };
    // A worker that cannot even close is not kept for the next database.
    const calls = { load: fail, giveUp: fail, letGo: () => undefined, open: fail, close: fail };
    serveEngine(enginePort, calls, { whenIdle: () => false, defer });
  }
}

/** Holds the lock for as long as the worker lives, and says so. */
function live(port: MessagePort, life: string): void {
  const forever = (): Promise<never> => {
    port.postMessage(ALIVE);
    return new Promise<never>(() => undefined);
  };
  const locks = webLocks();
  if (locks === undefined) port.postMessage(ALIVE);
  // It is stolen by nobody; should it be, the page takes the worker for dead.
  else locks.request(life, forever).catch(() => close());
}

/** Not every browser can send every cause of an error; an answer always goes out. */
function post(port: MessagePort, message: unknown, transfer: readonly ArrayBuffer[]): void {
  try {
    port.postMessage(message, [...transfer]);
  } catch (error) {
    if (!isFailure(message)) throw error;
    port.postMessage({
      ...message,
      error: { ...message.error, cause: String(message.error.cause) },
    });
  }
}

interface Failure {
  readonly error: { readonly cause: unknown };
}

function isFailure(message: unknown): message is Failure {
  return typeof message === 'object' && message !== null && 'error' in message;
}

async function loadSqlite(wasmUrl: string): Promise<SqlJsStatic> {
  const policy = watchPolicy(['connect-src', 'script-src']);
  try {
    const module = await fetchWasm(wasmUrl);
    return await instantiate(module);
  } catch (cause) {
    const refusal = await policy.refusal();
    const reason = refusal ?? (cause instanceof Error ? cause.message : String(cause));
    throw new BarkeepError(
      'CANNOT_OPEN',
      `SQLite cannot be loaded from ${wasmUrl}: ${reason.replace(/\.$/, '')}. Serve sql.js/dist/sql-wasm-browser.wasm there, or give its address as the option "wasmUrl"; a Content-Security-Policy must allow the address in connect-src, and 'wasm-unsafe-eval' in script-src`,
      { details: { wasmUrl, reason }, cause },
    );
  } finally {
    policy.stop();
  }
}

/** Not left to sql.js: a failure there is also an error of the whole worker that nobody can catch. */
async function fetchWasm(wasmUrl: string): Promise<WebAssembly.Module> {
  const response = await fetch(wasmUrl, { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (WASM_MAGIC.some((byte, i) => byte !== bytes[i])) {
    throw new Error(`the server answered with ${response.headers.get('content-type')}`);
  }
  return WebAssembly.compile(bytes);
}

/** Where this fails, sql.js itself would never settle. */
function instantiate(module: WebAssembly.Module): Promise<SqlJsStatic> {
  return new Promise((resolve, reject) => {
    const instantiateWasm = (
      imports: WebAssembly.Imports,
      onInstance: (instance: WebAssembly.Instance) => void,
    ): WebAssembly.Exports => {
      try {
        const instance = new WebAssembly.Instance(module, imports);
        onInstance(instance);
        return instance.exports;
      } catch (error) {
        reject(error);
        throw error;
      }
    };
    initSqlJs({ instantiateWasm }).then(resolve, reject);
  });
}
