/** The Web Worker that runs one database. It is greeted with a port and answers there. */
import { BarkeepError } from '@barkeep/core';
import { type EnginePort, serveEngine } from '@barkeep/sqlite-engine';
import initSqlJs, { type SqlJsStatic } from 'sql.js';
import { persisterCalls } from './browser/persister-calls.ts';
import type { WebWorkerGreeting } from './browser/web-worker-thread.ts';
import { serveDatabase } from './serve-database.ts';

const isWorker = typeof document === 'undefined' && typeof addEventListener === 'function';
if (isWorker) addEventListener('message', ({ data }) => void serve(data), { once: true });

async function serve({ port, wasmUrl }: WebWorkerGreeting): Promise<void> {
  const enginePort: EnginePort = {
    on: (_, listener) => {
      // Setting this also starts the port, which has kept what came before.
      port.onmessage = ({ data }) => listener(data);
    },
    postMessage: (message, transfer = []) => port.postMessage(message, [...transfer]),
  };
  const defer = (callback: () => void): void => void setTimeout(callback, 0);
  try {
    const sql = await loadSqlite(wasmUrl);
    serveDatabase(enginePort, sql, { otherCalls: persisterCalls(), defer });
  } catch (error) {
    const fail = (): never => {
      throw error;
    };
    // A worker that cannot even close is not kept for the next database.
    const calls = { load: fail, letGo: () => undefined, open: fail, close: fail };
    serveEngine(enginePort, calls, { whenIdle: () => false, defer });
  }
}

async function loadSqlite(wasmUrl: string): Promise<SqlJsStatic> {
  const module = await compileWasm(wasmUrl);
  return initSqlJs({
    instantiateWasm: (imports, onInstance) => {
      const instance = new WebAssembly.Instance(module, imports);
      onInstance(instance);
      return instance.exports;
    },
  });
}

/** Not left to sql.js: a failure there is also an error of the whole worker that nobody can catch. */
async function compileWasm(wasmUrl: string): Promise<WebAssembly.Module> {
  try {
    const response = await fetch(wasmUrl, { credentials: 'same-origin' });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw new BarkeepError(
      'CANNOT_OPEN',
      `SQLite cannot be loaded from ${wasmUrl}: serve sql.js/dist/sql-wasm-browser.wasm and give its address as wasmUrl`,
      { details: { wasmUrl }, cause },
    );
  }
}
