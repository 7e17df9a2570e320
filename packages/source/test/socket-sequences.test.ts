import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ManualClock, type SeriesKey } from '@barkeep/core';
import { AbstractSmartRouter, type RouterEvent, validateRouterEvent } from '@barkeep/source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const START = Date.UTC(2026, 0, 1);
const KEY: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };

type Step =
  | { readonly does: 'open' | 'pong' | 'error' | 'close' | 'shutDown' }
  | { readonly does: 'subscribed' | 'message'; readonly what: unknown }
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'setClock'; readonly byMs: number };

const trade = { id: '1', timestamp: START, price: 1, size: 1, side: 'buy' };
const candle = { timestamp: START, open: 1, high: 1, low: 1, close: 1, volume: 1 };
const messages: readonly unknown[] = [
  undefined,
  'pong',
  { type: 'wake up' },
  { type: 'ticker', ticker: { symbol: 'KRW-BTC', timestamp: START, price: 1 } },
  { type: 'ticker', ticker: { symbol: 'KRW-BTC', timestamp: START, price: Number.NaN } },
  { type: 'ticker', ticker: { symbol: 'KRW-BTC', timestamp: START * 2, price: 1 } },
  { type: 'trades', symbol: 'KRW-BTC', trades: [trade, { ...trade, id: 2 }, trade] },
  { type: 'trades', symbol: '', trades: [trade] },
  { type: 'candle', live: { key: KEY, candle, asOf: START } },
  { type: 'candle', live: { key: KEY, candle: { ...candle, volume: -1 }, asOf: START } },
  { type: 'candle', live: { key: KEY, asOf: START } },
  { type: 'candle', live: { key: null, candle, asOf: START } },
  { type: 'candle' },
  { type: 'orderBook', book: { symbol: 'KRW-BTC', timestamp: START, bids: [], asks: [] } },
  { type: 'ticker', ticker: { symbol: 'A', timestamp: START, price: 1, raw: new Uint8Array(4) } },
  cyclic(),
];

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ does: fc.constantFrom('open', 'pong', 'error', 'close', 'open', 'close') }),
  fc.record({ does: fc.constantFrom('shutDown') }),
  fc.record({ does: fc.constant('subscribed'), what: fc.constant(KEY) }),
  fc.record({ does: fc.constant('message'), what: fc.constantFrom(...messages) }),
  fc.record({ does: fc.constant('pass'), ms: fc.constantFrom(1, 1_500, 70_000, 3_600_000) }),
  fc.record({ does: fc.constant('setClock'), byMs: fc.constantFrom(-90_000, 90_000, -3e7, 3e7) }),
);

describe("the README's router", () => {
  it('throws in no order of what a socket reports, and keeps the rules of the port', () => {
    const MyRouter = readmeRouter();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const clock = new ManualClock(START + 10_000);
        const socket = new EventEmitter();
        const router = new MyRouter(socket, clock);
        const events: RouterEvent[] = [];
        router.subscribe((event) => events.push(event));
        for (const one of steps) {
          if (one.does === 'pass') clock.advance(one.ms);
          else if (one.does === 'setClock') clock.setWallTime(clock.now() + one.byMs);
          else if (one.does === 'shutDown') router.close();
          else socket.emit(one.does, 'what' in one ? structuredClone(one.what) : undefined);
          checkState(
            router,
            clock.now(),
            steps.some(({ does }) => does === 'setClock'),
          );
        }
        for (const event of events) validateRouterEvent(event);
      }),
      { numRuns: 300 },
    );
  });
});

/** The class that the README shows, with the clock of a test. */
function readmeRouter(): new (socket: EventEmitter, clock: ManualClock) => AbstractSmartRouter {
  const readme = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');
  const [, code] = /```js\nimport \{ AbstractSmartRouter \}.*\n([\s\S]*?)```/.exec(readme) ?? [];
  if (code === undefined) throw new TypeError('the README has no router');
  const source = code
    .replace('constructor(socket)', 'constructor(socket, clock)')
    .replace('maxTrades: 500', 'maxTrades: 500, clock');
  const toEvent = (message: unknown): unknown => message;
  const make = new Function('AbstractSmartRouter', 'toEvent', `${source}\nreturn MyRouter;`);
  return make(AbstractSmartRouter, toEvent);
}

function checkState(
  { connection, lastSeen, streams }: AbstractSmartRouter,
  now: number,
  isClockSet: boolean,
): void {
  expect(connection.status === 'connected' || streams.length === 0).toBe(true);
  if (connection.status === 'connected') expect(lastSeen).toBeDefined();
  if (lastSeen === undefined) return;
  if (connection.status === 'connected') {
    expect(lastSeen).toBeLessThanOrEqual(now);
    if (!isClockSet) expect(lastSeen).toBeGreaterThanOrEqual(connection.since);
  } else expect(lastSeen).toBe(connection.since);
}

function cyclic(): unknown {
  const ticker: Record<string, unknown> = { symbol: 'A', timestamp: START, price: 1 };
  ticker['self'] = ticker;
  return { type: 'ticker', ticker };
}
