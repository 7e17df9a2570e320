/**
 * Writes 40 batches of candles of the series in the second argument, follows the other's changes,
 * and prints how many of its candles it reads once it has heard of all.
 */
import { once } from 'node:events';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const BATCHES = 40;
const BATCH = 50;
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const END = START + BATCHES * BATCH * MINUTE;

const [path = '', own = '', other = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path, changePollMs: 10 });
await storage.open();

const keyOf = (symbol: string) => ({ symbol, timeframe: '1m' as const });
let seen = START;
const allSeen = new Promise<void>((resolve) => {
  storage.changes.subscribe((event) => {
    if (event.type === 'lagged' || event.type === 'failure') throw new Error(event.type);
    if (event.origin === 'local' && event.key.symbol !== own) throw new Error('not mine');
    if (event.origin === 'remote' && event.key.symbol !== other) throw new Error('my own');
    if (event.origin === 'remote' && event.type === 'candles') seen = event.interval.to;
    if (seen === END) resolve();
  });
});

console.log('ready');
// Its standard input keeps the process alive: a storage without calls under way does not.
process.stdin.resume();
await once(process.stdin, 'data');

for (let n = 0; n < BATCHES; n += 1) {
  const candles = Array.from({ length: BATCH }, (_, i) => {
    const timestamp = START + (n * BATCH + i) * MINUTE;
    return { timestamp, open: 1, high: 1, low: 1, close: 1, volume: n };
  });
  await storage.candles.write({ key: keyOf(own), candles });
  const before = seen;
  const theirs = await storage.candles.read(keyOf(other));
  // What the feed has told of must be there, whole.
  if (theirs.length % BATCH !== 0 || START + theirs.length * MINUTE < before)
    throw new Error('stale');
}
await allSeen;
console.log((await storage.candles.read(keyOf(other))).length);
await storage.close();
process.stdin.pause();
