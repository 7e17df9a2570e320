/** The thread that does the SQLite work of one connection: it answers requests in their order. */
import { parentPort } from 'node:worker_threads';
import { BarkeepError, type Candle, type CandleColumns } from '@barkeep/core';
import { SqliteEngine, type StatedColumns, sqliteFailure } from '@barkeep/sqlite-engine';
import { BetterSqlite3Driver } from './better-sqlite3-driver.ts';
import { warmUp } from './warm-up.ts';
import {
  type ConnectionOptions,
  columnBuffers,
  packError,
  type WorkerCalls,
  type WorkerMethod,
  type WorkerRequest,
  type WorkerResponse,
} from './worker-protocol.ts';

let engine: SqliteEngine | undefined;
let waitsForIdle = false;

let isWarm = false;

const calls: WorkerCalls = {
  warmUp: () => {
    if (!isWarm) warmUp();
    isWarm = true;
  },
  open: (options) => {
    engine = open(options);
  },
  write: (batches) => opened().write(batches),
  readMany: (queries) => opened().readMany(queries),
  readUpTo: (most, query) => opened().readUpTo(most, query),
  readPart: (query, columns) => opened().readPart(query, columns),
  readColumns: (query, columns) => opened().readColumns(query, columns),
  remove: (key, range) => opened().remove(key, range),
  list: (filter) => opened().list(filter),
  addCoverage: (key, entry) => opened().addCoverage(key, entry),
  coverageOf: (key, range) => opened().coverageOf(key, range),
  removeCoverage: (key, range) => opened().removeCoverage(key, range),
  getMetadata: (key) => opened().getMetadata(key),
  setMetadata: (key, text) => opened().setMetadata(key, text),
  deleteMetadata: (key) => opened().deleteMetadata(key),
  metadataKeys: (prefix) => opened().metadataKeys(prefix),
  size: () => opened().size(),
  readChanges: () => opened().readChanges(),
  checkIntegrity: (key) => opened().checkIntegrity(key),
  quarantine: (key) => opened().quarantine(key),
  archiveFigures: (key) => opened().archiveFigures(key),
  compactSeries: (key, from) => opened().compactSeries(key, from),
  explain: (filter) => opened().explain(filter),
  checkpoint: () => opened().checkpoint(),
  close: () => {
    engine?.close();
    engine = undefined;
  },
};

parentPort?.on('message', (request: WorkerRequest) => {
  const { response, transfer } = answer(request);
  parentPort?.postMessage(response, transfer);
  compactWhenIdle();
});

/** A step at a time, so that a request waits for one step at most. */
function compactWhenIdle(): void {
  if (waitsForIdle) return;
  waitsForIdle = true;
  setImmediate(() => {
    waitsForIdle = false;
    if (engine?.compactStep() === true) compactWhenIdle();
  });
}

interface Answer {
  readonly response: WorkerResponse;
  readonly transfer: ArrayBuffer[];
}

function answer({ id, method, parameters }: WorkerRequest): Answer {
  try {
    const call = calls[method] as (...parameters: readonly unknown[]) => unknown;
    const value = call(...parameters);
    return { response: { id, value }, transfer: movable(method, value) };
  } catch (error) {
    return { response: { id, error: packError(sqliteFailure(error)) }, transfer: [] };
  }
}

/** The answers that are worth moving are columns, and nobody else has them. */
function movable(method: WorkerMethod, value: unknown): ArrayBuffer[] {
  if (method === 'readMany') return columnBuffers(value as CandleColumns[]);
  if (method === 'readPart') return columnBuffers([(value as StatedColumns<keyof Candle>).columns]);
  if (value !== undefined && (method === 'readUpTo' || method === 'readColumns')) {
    return columnBuffers([value as Partial<CandleColumns>]);
  }
  return [];
}

function open({ path, busyTimeoutMs, ...options }: ConnectionOptions): SqliteEngine {
  const driver = new BetterSqlite3Driver({ path, busyTimeoutMs });
  try {
    return SqliteEngine.open(driver, options);
  } catch (error) {
    driver.close();
    throw error;
  }
}

function opened(): SqliteEngine {
  if (engine === undefined) throw new BarkeepError('INTERNAL', 'the worker has no database open');
  return engine;
}
