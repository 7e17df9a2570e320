/**
 * Restores the backups of the first two arguments by turns over the database of the third, and adds a
 * candle to it, which says which of the two it was. Prints `ready`, waits for a line, and goes on until
 * it is killed.
 */
import { createInterface } from 'node:readline';
import { SqliteStorage, sqliteBackups } from '@barkeep/storage-sqlite';

const [first = '', second = '', to = ''] = process.argv.slice(2);
console.log('ready');
await createInterface(process.stdin)[Symbol.asyncIterator]().next();

for (let n = 0; ; n += 1) {
  const price = 1 + (n % 2);
  await sqliteBackups.restore({ from: price === 1 ? first : second, to, overwrite: true });
  const storage = new SqliteStorage({ path: to, readers: 0 });
  await storage.open();
  const candle = { timestamp: 0, open: price, high: price, low: price, close: price, volume: 1 };
  const key = { symbol: 'added', timeframe: '1m' } as const;
  await storage.candles.write({ key, candles: [candle] });
  console.log(n);
  await storage.close();
}
