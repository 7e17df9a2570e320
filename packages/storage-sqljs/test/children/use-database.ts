/**
 * Another program that uses a database file: with SQL through better-sqlite3, or through a storage. It
 * does what it is told one by one, and answers with what came of it, or with the code of the error.
 */
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { SqlJsStorage } from '@barkeep/storage-sqljs';
import Database from 'better-sqlite3';
import { becomeNobody } from '../../../../tools/become-nobody.ts';

export type Order =
  | { readonly do: 'exec' | 'get'; readonly path: string; readonly sql: string }
  | { readonly do: 'open'; readonly path: string; readonly storage: 'sqlite' | 'sqljs' }
  | { readonly do: 'write'; readonly symbol: string; readonly candles: number }
  | { readonly do: 'flush' | 'close' | 'become-nobody' };

const T = Date.UTC(2026, 0, 1);
let database: Database.Database | undefined;
let storage: SqliteStorage | SqlJsStorage | undefined;

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'exec':
    case 'get':
      database ??= new Database(order.path, { timeout: 0 });
      return order.do === 'exec'
        ? void database.exec(order.sql)
        : database.prepare(order.sql).pluck().get();
    case 'open':
      storage =
        order.storage === 'sqlite'
          ? new SqliteStorage({ path: order.path, busyTimeoutMs: 0 })
          : new SqlJsStorage({ path: order.path, saveDelayMs: 3_600_000 });
      return storage.open();
    case 'write':
      return storage?.candles.write({
        key: { symbol: order.symbol, timeframe: '1m' },
        candles: Array.from({ length: order.candles }, (_, i) => ({
          timestamp: T + i * 60_000,
          ...{ open: 1, high: 1, low: 1, close: 1, volume: i },
        })),
      });
    case 'become-nobody':
      return becomeNobody();
    case 'flush':
      return storage?.flush();
    case 'close':
      database?.close();
      database = undefined;
      return storage?.close();
  }
}

process.once('disconnect', () => process.exit());
process.on('message', async ({ id, order }: { readonly id: string; readonly order: Order }) => {
  try {
    process.send?.({ id, value: await obey(order) });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error);
    process.send?.({ id, error: code });
  }
});
