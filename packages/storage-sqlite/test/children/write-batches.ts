/**
 * Opens the database of the first argument, prints `ready`, waits for a line with the name of a
 * series, and then writes numbered batches until it is killed, printing each number that is stored.
 */
import { createInterface } from 'node:readline';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const BATCH = 400;
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

const [path = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path, readers: 0 });
await storage.open();
console.log('ready');
const { value: name } = await createInterface(process.stdin)[Symbol.asyncIterator]().next();

for (let n = 0; ; n += 1) {
  const from = START + n * BATCH * MINUTE;
  const candles = Array.from({ length: BATCH }, (_, i) => {
    const price = n * BATCH + i + 1;
    const timestamp = from + i * MINUTE;
    return { timestamp, open: price, high: price, low: price, close: price, volume: n };
  });
  const covers = { from, to: from + BATCH * MINUTE };
  await storage.candles.write(
    ['a', 'b'].map((half) => ({
      key: { symbol: `${name}-${half}`, timeframe: '1m' as const },
      candles,
      covers,
    })),
  );
  console.log(n);
}
