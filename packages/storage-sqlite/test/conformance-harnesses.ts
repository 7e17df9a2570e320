import { join } from 'node:path';
import type { HarnessContext } from '@barkeep/conformance';
import type { StorageHarness } from '@barkeep/conformance/storage';
import type { IMarketDataStorage } from '@barkeep/storage';
import Database from 'better-sqlite3';
import { budget } from '../../../tools/test-budget.ts';
import { SqliteStorage, type SqliteStorageOptions } from '../src/index.ts';

const FILE = 'candles.sqlite3';
const TINY = 'storage-sqlite, tiny segments';
/** Tiny segments bring every scenario to their boundaries. */
const VARIANTS: Readonly<Record<string, Pick<SqliteStorageOptions, 'archive' | 'readers'>>> = {
  'storage-sqlite': {},
  [TINY]: {
    archive: {
      segmentCandles: 16,
      keepRows: 8,
      bulkCandles: 4,
      // Or explain would race with what goes on by itself; that is for the tests of the engine.
      automatic: false,
    },
  },
  'storage-sqlite, rows only, one connection': { archive: 'off', readers: 0 },
};

/** Tables in the midst of a write, and the last one. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  candles: ['candle_rows', 'segments'],
  coverage: ['coverage'],
  'the change log': ['change_log'],
};

/** Makes SQLite refuse every change of some tables, for all connections. */
async function refuseChanges(tables: readonly string[], { directory }: HarnessContext) {
  const execute = (statement: (name: string, event: string, table: string) => string): void => {
    const database = new Database(join(directory, FILE));
    const statements = tables.flatMap((table) =>
      ['INSERT', 'UPDATE', 'DELETE'].map((event) =>
        statement(`refuse_${event}_${table}`, event, table),
      ),
    );
    database.exec(`BEGIN IMMEDIATE; ${statements.join(';')}; COMMIT`);
    database.close();
  };
  execute(
    (name, event, table) =>
      `CREATE TRIGGER ${name} AFTER ${event} ON ${table} BEGIN SELECT RAISE(ABORT, 'refused'); END`,
  );
  return () => execute((name) => `DROP TRIGGER ${name}`);
}

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly StorageHarness[] = Object.entries(VARIANTS).map(
  ([name, variant]) => ({
    name,
    module: import.meta.url,
    // Small models are rows by default too: most of the runs go where there are segments.
    model: { runs: name === TINY ? Math.min(500, budget(100)) : 30 },
    create: ({ clock, directory }: HarnessContext) =>
      new SqliteStorage({ path: join(directory, FILE), ...variant, clock }),
    createAt: (path: string, { clock }: HarnessContext) =>
      new SqliteStorage({ path, ...variant, clock }),
    faults: Object.fromEntries(
      Object.entries(TABLES).map(([what, tables]) => [
        `a refused change of ${what}`,
        (_: IMarketDataStorage, context: HarnessContext) => refuseChanges(tables, context),
      ]),
    ),
  }),
);
