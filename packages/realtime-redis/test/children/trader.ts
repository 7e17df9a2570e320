/** Writes one ticker, hears of another process's, answers with what it heard, and ends by itself. */
import { RedisRealtime } from '../../src/index.ts';
import { ticker } from '../market.ts';

const [url = '', keyPrefix = ''] = process.argv.slice(2);
const realtime = new RedisRealtime({ url, keyPrefix, nearCache: true });
await realtime.open();
const heard = new Promise<unknown>((resolve) => {
  realtime.subscribe({ symbols: ['parent'] }, resolve);
});
await realtime.tickers.set(ticker('child'));
const event = await heard;
const read = await realtime.tickers.get('parent');
await realtime.close();
console.log(JSON.stringify({ event, read }));
