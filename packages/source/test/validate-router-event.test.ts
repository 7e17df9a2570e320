import { BarkeepError, type SeriesKey } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { type RouterEvent, validateRouterEvent } from '../src/index.ts';

const AT = Date.UTC(2026, 0, 1);
const key: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
const candle = { timestamp: AT, open: 1, high: 2, low: 1, close: 2, volume: 3 };
const ticker = { symbol: 'KRW-BTC', timestamp: AT, price: 1 };
const book = { symbol: 'KRW-BTC', timestamp: AT, bids: [], asks: [] };
const trade = { id: '1', timestamp: AT, price: 1, size: 1, side: 'buy' } as const;

const valid: readonly RouterEvent[] = [
  { type: 'ticker', ticker },
  { type: 'orderBook', book },
  { type: 'trades', symbol: 'KRW-BTC', trades: [trade] },
  { type: 'candle', live: { key, candle, asOf: AT + 5 } },
  { type: 'trades', symbol: 'KRW-BTC', trades: [{ timestamp: AT, price: -1, size: 0 }] },
  { type: 'ticker', ticker: { symbol: 'KRW-BTC', timestamp: AT, bid: -1 } },
  { type: 'refused', error: new BarkeepError('INVALID_INPUT', 'no') },
  { type: 'stream', stream: { key, since: AT } },
  { type: 'stream', stream: { key: { ...key, timeframe: '1w' }, since: Date.UTC(2026, 0, 5) } },
  { type: 'streamEnded', key, at: AT + 5 },
  { type: 'connection', connection: { status: 'connected', since: AT + 5 } },
];

const invalid: readonly (readonly [field: string, event: unknown])[] = [
  ['event', null],
  ['type', { type: 'tick' }],
  ['price', { type: 'ticker', ticker: { ...ticker, price: Number.NaN } }],
  ['bids', { type: 'orderBook', book: { ...book, bids: undefined } }],
  ['symbol', { type: 'trades', symbol: '', trades: [trade] }],
  ['id', { type: 'trades', symbol: 'KRW-BTC', trades: [trade, { ...trade, id: 1 }] }],
  ['live', { type: 'candle' }],
  ['high', { type: 'candle', live: { key, candle: { ...candle, high: 0 }, asOf: AT } }],
  [
    'timestamp',
    { type: 'candle', live: { key, candle: { ...candle, timestamp: AT + 1 }, asOf: AT } },
  ],
  ['timestamp', { type: 'candle', live: { key, candle: { ...candle, timestamp: 0.5 }, asOf: AT } }],
  ['error', { type: 'refused' }],
  ['asOf', { type: 'candle', live: { key, candle } }],
  ['stream', { type: 'stream' }],
  ['since', { type: 'stream', stream: { key, since: AT + 1 } }],
  ['since', { type: 'stream', stream: { key: { ...key, timeframe: '1w' }, since: AT } }],
  ['since', { type: 'stream', stream: { key, since: AT / 1_000 } }],
  ['key', { type: 'streamEnded', at: AT }],
  ['at', { type: 'streamEnded', key, at: AT / 1_000 }],
  ['connection', { type: 'connection' }],
  ['connection.status', { type: 'connection', connection: { status: 'open', since: AT } }],
  ['connection.since', { type: 'connection', connection: { status: 'connected' } }],
];

describe('validateRouterEvent', () => {
  it.each(valid)('takes a valid $type', (event) => {
    expect(() => validateRouterEvent(event)).not.toThrow();
  });

  it.each(invalid)('refuses a wrong %s', (field, event) => {
    const error = thrownBy(() => validateRouterEvent(event as RouterEvent));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { field } });
    expect(error.details['rule']).toEqual(expect.any(String));
  });
});

function thrownBy(call: () => void): BarkeepError {
  try {
    call();
  } catch (error) {
    return error as BarkeepError;
  }
  throw new Error('it did not throw');
}
