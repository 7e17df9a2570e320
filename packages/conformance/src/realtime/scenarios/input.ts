import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import { assertEqual, assertRejects } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { assertEmpty, assertRecent } from '../realtime-state.ts';
import {
  fullTicker,
  START,
  SYMBOL,
  sampleBook,
  sampleTicker,
  sampleTrade,
  sampleTrades,
} from '../sample-market.ts';

type Fault = readonly [change: object, field: string];

const BAD_TIMES: Readonly<Record<string, unknown>> = {
  'in-seconds': START / 1_000,
  'in-microseconds': START * 1_000,
  negative: -1,
  fractional: START + 0.5,
  'beyond-2^53': 2 ** 53,
  'nan-time': Number.NaN,
  'text-time': `${START}`,
  'no-time': undefined,
};

const NOT_FINITE: Readonly<Record<string, unknown>> = {
  nan: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  'minus-infinite': Number.NEGATIVE_INFINITY,
  'minus-zero': -0,
  text: '1',
  null: null,
};

const BAD_TICKERS: Readonly<Record<string, Fault>> = {
  ...faults('timestamp', BAD_TIMES),
  ...faults('price', { ...NOT_FINITE, absent: undefined }),
  ...faults('changeRate', NOT_FINITE),
  ...faults('volume', NOT_FINITE),
  ...faults('bid', NOT_FINITE),
};

const BAD_LEVELS: Readonly<Record<string, Fault>> = {
  ...faults('price', { ...NOT_FINITE, zero: 0, below: -1, absent: undefined }),
  ...faults('size', { ...NOT_FINITE, below: -1, absent: undefined }),
};

const BAD_TRADES: Readonly<Record<string, Fault>> = {
  ...faults('timestamp', BAD_TIMES),
  ...faults('price', { ...NOT_FINITE, zero: 0, below: -1, absent: undefined }),
  ...faults('size', { ...NOT_FINITE, below: -1, absent: undefined }),
  ...faults('side', { upper: 'BUY', empty: '', absent: undefined }),
  ...faults('id', { number: 1, empty: '', absent: undefined }),
};

const BAD_SYMBOLS: Readonly<Record<string, unknown>> = {
  empty: '',
  number: 1,
  absent: undefined,
  null: null,
  'lone-surrogate': 'A\ud800',
  zero: 'A\u0000B',
  long: 'x'.repeat(513),
};

const SYMBOL_CALLS: Readonly<
  Record<string, (realtime: IRealtimeCache, symbol: string) => Promise<unknown>>
> = {
  'tickers.set': ({ tickers }, symbol) => tickers.set({ ...sampleTicker(), symbol }),
  'tickers.get': ({ tickers }, symbol) => tickers.get(symbol),
  'tickers.getMany': ({ tickers }, symbol) => tickers.getMany([SYMBOL, symbol]),
  'tickers.delete': ({ tickers }, symbol) => tickers.delete(symbol),
  'orderBooks.set': ({ orderBooks }, symbol) => orderBooks.set({ ...sampleBook(), symbol }),
  'orderBooks.get': ({ orderBooks }, symbol) => orderBooks.get(symbol),
  'orderBooks.getMany': ({ orderBooks }, symbol) => orderBooks.getMany([SYMBOL, symbol]),
  'orderBooks.delete': ({ orderBooks }, symbol) => orderBooks.delete(symbol),
  'trades.append': ({ trades }, symbol) => trades.append(symbol, sampleTrades(0, 1)),
  'trades.recent': ({ trades }, symbol) => trades.recent(symbol),
  'trades.replay': ({ trades }, symbol) => trades.replay(symbol),
  'trades.delete': ({ trades }, symbol) => trades.delete(symbol),
};

export const inputScenarios: readonly RealtimeScenario[] = [
  ...Object.entries(BAD_TICKERS).map(([name, [change, field]]) =>
    scenario(
      `input/ticker-${name}`,
      `a ticker with ${name} is refused and changes nothing`,
      async (realtime) => {
        const ticker = { ...fullTicker(), ...change } as Ticker;
        await assertRejects(() => realtime.tickers.set(ticker), 'INVALID_INPUT', 'set', { field });
        await assertEmpty(realtime, 'after the refusal');
      },
    ),
  ),
  ...(['bids', 'asks'] as const).flatMap((side) =>
    Object.entries(BAD_LEVELS).map(([name, [change, field]]) =>
      scenario(
        `input/${side}-${name}`,
        `a book with ${side} of ${name} is refused and changes nothing`,
        async (realtime) => {
          await realtime.orderBooks.set(sampleBook());
          const levels = sampleBook(1)[side].map((level, i) =>
            i === 2 ? { ...level, ...change } : level,
          );
          const book = { ...sampleBook(1), [side]: levels } as OrderBook;
          await assertRejects(() => realtime.orderBooks.set(book), 'INVALID_INPUT', 'set', {
            field: `${side}.${field}`,
            index: 2,
          });
          assertEqual(await realtime.orderBooks.get(SYMBOL), sampleBook(), 'the book before');
        },
      ),
    ),
  ),
  ...(['bids', 'asks'] as const).map((side) =>
    scenario(
      `input/${side}-order`,
      `${side} that are not ordered, or repeat a price, are refused`,
      async (realtime) => {
        const levels = sampleBook()[side];
        const [first, second] = levels;
        for (const wrong of [levels.toReversed(), [first, first, second], [second, first]]) {
          const book = { ...sampleBook(), [side]: wrong } as OrderBook;
          await assertRejects(() => realtime.orderBooks.set(book), 'INVALID_INPUT', 'set', {
            field: `${side}.price`,
            index: 1,
          });
        }
        for (const wrong of [undefined, null, {}, 'bids', [null], [1]]) {
          const book = { ...sampleBook(), [side]: wrong } as unknown as OrderBook;
          await assertRejects(() => realtime.orderBooks.set(book), 'INVALID_INPUT', 'set', {
            field: side,
          });
        }
        await assertEmpty(realtime, 'after the refusals');
      },
    ),
  ),
  ...Object.entries(BAD_TIMES).map(([name, timestamp]) =>
    scenario(
      `input/book-${name}`,
      `a book with a time that is ${name} is refused`,
      async (realtime) => {
        const book = { ...sampleBook(), timestamp } as OrderBook;
        await assertRejects(() => realtime.orderBooks.set(book), 'INVALID_INPUT', 'set', {
          field: 'timestamp',
        });
        await assertEmpty(realtime, 'after the refusal');
      },
    ),
  ),
  ...Object.entries(BAD_TRADES).map(([name, [change, field]]) =>
    scenario(
      `input/trade-${name}`,
      `one trade with ${name} refuses the whole call`,
      async (realtime) => {
        await realtime.trades.append(SYMBOL, sampleTrades(0, 2));
        const trades = sampleTrades(2, 6).with(2, { ...sampleTrade(4), ...change } as Trade);
        await assertRejects(
          () => realtime.trades.append(SYMBOL, trades),
          'INVALID_INPUT',
          'append',
          {
            field,
            index: 2,
          },
        );
        await assertRecent(realtime, sampleTrades(0, 2), 'the trades before');
      },
    ),
  ),
  scenario(
    'input/not-objects',
    'what is no ticker, book or list of trades is refused',
    async (realtime) => {
      for (const value of [undefined, null, 1, 'KRW-BTC']) {
        const wrong = value as never;
        await assertRejects(() => realtime.tickers.set(wrong), 'INVALID_INPUT', 'tickers.set');
        await assertRejects(
          () => realtime.orderBooks.set(wrong),
          'INVALID_INPUT',
          'orderBooks.set',
        );
        await assertRejects(() => realtime.trades.append(SYMBOL, wrong), 'INVALID_INPUT', 'append');
        await assertRejects(() => realtime.tickers.getMany(wrong), 'INVALID_INPUT', 'getMany');
      }
      const holes = [sampleTrade(0), null] as never;
      await assertRejects(() => realtime.trades.append(SYMBOL, holes), 'INVALID_INPUT', 'append', {
        index: 1,
      });
      await assertEmpty(realtime, 'after the refusals');
    },
  ),
  ...Object.entries(BAD_SYMBOLS).map(([name, symbol]) =>
    scenario(
      `input/symbol-${name}`,
      `every method refuses a symbol that is ${name}`,
      async (realtime) => {
        for (const [method, call] of Object.entries(SYMBOL_CALLS)) {
          await assertRejects(() => call(realtime, symbol as string), 'INVALID_INPUT', method, {
            field: 'symbol',
          });
        }
        await assertEmpty(realtime, 'after the refusals');
      },
    ),
  ),
];

/** Faults of one field, by name. */
function faults(field: string, values: Readonly<Record<string, unknown>>): Record<string, Fault> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `${field}-${name}`,
      [{ [field]: value }, field] as const,
    ]),
  );
}
