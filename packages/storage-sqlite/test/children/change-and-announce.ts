/**
 * Does to the database in the first argument what it is told, a line at a time, and prints when it is
 * done: `write` and `remove` a candle of KRW-BTC, `same` writes what is stored, `announce` its series,
 * `announce-new` one that nobody has stored.
 */
import { createInterface } from 'node:readline';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const KEY = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
const RANGE = { from: START + 5 * MINUTE, to: START + 6 * MINUTE };

const [path = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path });
await storage.open();
let price = 200;

function write(): Promise<unknown> {
  const candle = { timestamp: RANGE.from, open: price, high: price, low: price, close: price };
  return storage.candles.write({ key: KEY, candles: [{ ...candle, volume: 1 }] });
}

const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
  write: () => {
    price += 1;
    return write();
  },
  same: write,
  remove: () => storage.candles.remove(KEY, RANGE),
  announce: () => storage.changes.announce(KEY, RANGE),
  'announce-new': () => storage.changes.announce({ ...KEY, symbol: 'KRW-NEW' }),
};

console.log('ready');
for await (const line of createInterface(process.stdin)) {
  await deeds[line]?.();
  console.log(line);
}
await storage.close();
