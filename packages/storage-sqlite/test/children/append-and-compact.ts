/**
 * Opens the database of the first argument with the archive policy of the second, prints `ready`,
 * waits for a line that says how many candles are there, and then appends one after the other, the
 * one before it once more with its final values, and compacts, until it is killed. It prints the
 * number of each candle that is stored.
 */
import { createInterface } from 'node:readline';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const key = { symbol: 'live', timeframe: '1m' } as const;

const [path = '', archive = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path, readers: 0, archive: JSON.parse(archive) });
await storage.open();
console.log('ready');
const { value: count } = await createInterface(process.stdin)[Symbol.asyncIterator]().next();

function candle(n: number, price: number) {
  const timestamp = START + n * MINUTE;
  return { timestamp, open: price, high: price, low: price, close: price, volume: n };
}

async function compactAllTheTime(): Promise<never> {
  for (;;) await storage.maintenance?.compact();
}

void compactAllTheTime();
for (let n = Number(count); ; n += 1) {
  const late = candle(Math.floor(n / 2), n);
  await storage.candles.write({ key, candles: [candle(n, 1), late] });
  console.log(n);
}
