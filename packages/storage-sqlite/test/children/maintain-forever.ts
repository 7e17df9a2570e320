/**
 * Opens the database of the first argument, prints `ready`, and appends candles and removes the oldest from
 * the number of the first line it is sent, while it does what the second argument names all the time, until
 * it is killed. It prints how many candles had been appended when each batch was stored.
 */
import { createInterface } from 'node:readline';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const BATCH = 500;
const KEPT = 10_000;
const key = { symbol: 'live', timeframe: '1m' } as const;

const [path = '', action = ''] = process.argv.slice(2);
const archive = { segmentCandles: 256, keepRows: 64, bulkCandles: 1_024 };
const storage = new SqliteStorage({ path, readers: 0, archive, busyTimeoutMs: 20_000 });
await storage.open();
console.log('ready');
const { value: first } = await createInterface(process.stdin)[Symbol.asyncIterator]().next();

function candle(n: number) {
  return { timestamp: START + n * MINUTE, open: 1, high: 2, low: 1, close: 1.5, volume: n };
}

async function maintain(): Promise<never> {
  for (;;) {
    if (action === 'vacuum') await storage.maintenance?.vacuum();
    else if (action === 'reindex') await storage.maintenance?.reindex();
    else await storage.maintenance?.incrementalVacuum({ pages: 3 });
  }
}

void maintain();
for (let n = Number(first); ; n += BATCH) {
  const candles = Array.from({ length: BATCH }, (_, i) => candle(n + i));
  await storage.candles.write({ key, candles });
  console.log(n + BATCH);
  await storage.candles.remove(key, { from: 0, to: START + (n - KEPT) * MINUTE });
}
