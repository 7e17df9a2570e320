/** Writes a candle and flushes, again and again, and prints how many are safe. */
import { SqlJsStorage } from '@barkeep/storage-sqljs';

const [path = ''] = process.argv.slice(2);
const storage = new SqlJsStorage({ path, saveDelayMs: 1 });
await storage.open();
const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
const { length } = await storage.candles.read(key);
for (let i = length; ; i += 1) {
  const timestamp = i * 60_000;
  const candle = { timestamp, open: 1, high: 1, low: 1, close: 1, volume: i };
  await storage.candles.write({ key, candles: [candle] });
  await storage.flush();
  process.stdout.write(`${i + 1}\n`);
}
