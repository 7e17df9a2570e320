import { ManualClock, MIN_EPOCH_MS, type OrderBook, type Ticker, type Trade } from '@barkeep/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { IRealtimeCache, RealtimeEvent } from '../src/index.ts';
import { RemoteRealtime, ticker } from './remote-realtime.ts';

const START = ticker.timestamp;
const SYMBOL = ticker.symbol;
const levels = [5, 4, 3].map((price, i) => ({ price, size: i / 3 }));
const book: OrderBook = {
  symbol: SYMBOL,
  timestamp: START,
  bids: levels,
  asks: levels.map(({ price, size }) => ({ price: 15 - price, size })),
};
const trade: Trade = { id: '1', timestamp: START, price: 1, size: 1, side: 'buy' };

type Values = Readonly<Record<string, unknown>>;
type Call = (realtime: IRealtimeCache) => unknown;
type Case = readonly [title: string, call: Call, expected: object];

const BAD_TIMES: Values = {
  'in seconds': START / 1_000,
  'in microseconds': START * 1_000,
  'before the year 1': MIN_EPOCH_MS - 1,
  fractional: START + 0.5,
  'beyond 2^53': 2 ** 53,
  NaN: Number.NaN,
  text: `${START}`,
  absent: undefined,
};
const NOT_FINITE: Values = {
  NaN: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  'minus infinite': Number.NEGATIVE_INFINITY,
  'minus zero': -0,
  text: '1',
  null: null,
};
const BAD_AMOUNTS: Values = { ...NOT_FINITE, 'below 0': -1, absent: undefined };
const BAD_PRICES: Values = { ...NOT_FINITE, absent: undefined };
const { absent: _, ...badVolumes } = BAD_AMOUNTS;

const BAD_TICKER_FIELDS: Readonly<Record<string, Values>> = {
  timestamp: BAD_TIMES,
  price: { ...NOT_FINITE, absent: undefined },
  ...Object.fromEntries(
    ['previousClose', 'change', 'changeRate', 'open', 'high', 'low', 'bid', 'ask'].map((field) => [
      field,
      NOT_FINITE,
    ]),
  ),
  volume: badVolumes,
  quoteVolume: badVolumes,
};
const BAD_TRADE_FIELDS: Readonly<Record<string, Values>> = {
  timestamp: BAD_TIMES,
  price: BAD_PRICES,
  size: BAD_AMOUNTS,
  side: { 'in capitals': 'BUY', empty: '', null: null },
  id: { 'a number': 1, empty: '', null: null },
};
const BAD_SYMBOLS: Values = {
  empty: '',
  'a number': 1,
  absent: undefined,
  null: null,
  'a lone surrogate': 'A\ud800',
  'with a zero': 'A\0B',
  'too long': 'x'.repeat(513),
};
const NOT_LIMITS: Values = {
  negative: -1,
  fractional: 1.5,
  NaN: Number.NaN,
  text: '3',
  null: null,
};
const NO_OBJECTS: Values = { undefined, null: null, 'a number': 1, text: SYMBOL };

const other = { from: START } as object;

const SYMBOL_CALLS: Readonly<
  Record<string, (realtime: IRealtimeCache, symbol: string) => unknown>
> = {
  'tickers.set': ({ tickers }, symbol) => tickers.set({ ...ticker, symbol }),
  'tickers.get': ({ tickers }, symbol) => tickers.get(symbol),
  'tickers.getMany': ({ tickers }, symbol) => tickers.getMany([SYMBOL, symbol]),
  'tickers.delete': ({ tickers }, symbol) => tickers.delete(symbol),
  'orderBooks.set': ({ orderBooks }, symbol) => orderBooks.set({ ...book, symbol }),
  'orderBooks.get': ({ orderBooks }, symbol) => orderBooks.get(symbol),
  'orderBooks.getMany': ({ orderBooks }, symbol) => orderBooks.getMany([SYMBOL, symbol]),
  'orderBooks.delete': ({ orderBooks }, symbol) => orderBooks.delete(symbol),
  'trades.append': ({ trades }, symbol) => trades.append(symbol, [trade]),
  'trades.recent': ({ trades }, symbol) => trades.recent(symbol),
  'trades.replay': ({ trades }, symbol) => trades.replay(symbol),
  'trades.delete': ({ trades }, symbol) => trades.delete(symbol),
};

const BAD_SELECTORS: Readonly<Record<string, readonly [selector: unknown, field: string]>> = {
  null: [null, 'selector'],
  undefined: [undefined, 'selector'],
  text: ['ticker', 'selector'],
  'an unknown key': [{ symbol: SYMBOL }, 'selector'],
  'an unknown type': [{ types: ['ticker', 'candles'] }, 'types'],
  'the type lagged': [{ types: ['lagged'] }, 'types'],
  'types as text': [{ types: 'ticker' }, 'types'],
  'symbols as text': [{ symbols: SYMBOL }, 'symbols'],
  'an empty symbol': [{ symbols: [SYMBOL, ''] }, 'symbol'],
};

const CASES: readonly Case[] = [
  ...faults(BAD_TICKER_FIELDS, (change): Call => {
    return ({ tickers }) => tickers.set({ ...ticker, ...change } as Ticker);
  }),
  ...faults({ timestamp: BAD_TIMES }, (change): Call => {
    return ({ orderBooks }) => orderBooks.set({ ...book, ...change } as OrderBook);
  }),
  ...(['bids', 'asks'] as const).flatMap((side): Case[] => [
    ...faults({ price: BAD_PRICES, size: BAD_AMOUNTS }, (change): Call => {
      const wrong = book[side].map((level, i) => (i === 2 ? { ...level, ...change } : level));
      return ({ orderBooks }) => orderBooks.set({ ...book, [side]: wrong } as OrderBook);
    }).map(
      ([title, call, { field }]): Case => [
        `${side}: ${title}`,
        call,
        { field: `${side}.${field}`, index: 2 },
      ],
    ),
    ...[book[side].toReversed(), [book[side][0], book[side][0]]].map(
      (wrong, i): Case => [
        `${side} ${i === 0 ? 'upside down' : 'that repeat a price'}`,
        ({ orderBooks }) => orderBooks.set({ ...book, [side]: wrong } as OrderBook),
        { field: `${side}.price`, index: 1 },
      ],
    ),
    ...[undefined, null, {}, 'bids', [null], [1]].map(
      (wrong): Case => [
        `${side} that are ${JSON.stringify(wrong)}`,
        ({ orderBooks }) => orderBooks.set({ ...book, [side]: wrong } as unknown as OrderBook),
        { field: side },
      ],
    ),
  ]),
  ...faults(BAD_TRADE_FIELDS, (change): Call => {
    const trades = [{ ...trade, id: 'a' }, { ...trade, id: 'b' }, { ...trade, ...change } as Trade];
    return (realtime) => realtime.trades.append(SYMBOL, trades);
  }).map(([title, call, { field }]): Case => [`a trade: ${title}`, call, { field, index: 2 }]),
  ...Object.entries(BAD_SYMBOLS).flatMap(([title, symbol]) =>
    Object.entries(SYMBOL_CALLS).map(
      ([method, call]): Case => [
        `${method} of a symbol that is ${title}`,
        (realtime) => call(realtime, symbol as string),
        { field: 'symbol' },
      ],
    ),
  ),
  ...Object.entries(NO_OBJECTS).flatMap(([title, value]): Case[] => [
    [
      `a ticker that is ${title}`,
      ({ tickers }) => tickers.set(value as Ticker),
      { field: 'ticker' },
    ],
    [
      `a book that is ${title}`,
      ({ orderBooks }) => orderBooks.set(value as OrderBook),
      { field: 'book' },
    ],
    [
      `trades that are ${title}`,
      ({ trades }) => trades.append(SYMBOL, value as Trade[]),
      { field: 'trades' },
    ],
    [
      `one trade that is ${title}`,
      ({ trades }) => trades.append(SYMBOL, [trade, value as Trade]),
      { field: 'trade', index: 1 },
    ],
    [
      `symbols that are ${title}`,
      ({ tickers }) => tickers.getMany(value as string[]),
      { field: 'symbols' },
    ],
  ]),
  ...Object.entries(NOT_LIMITS).flatMap(([title, value]): Case[] => [
    [
      `a limit that is ${title}`,
      ({ trades }) => trades.recent(SYMBOL, { limit: value as number }),
      { field: 'limit' },
    ],
    [
      `a depth of get that is ${title}`,
      ({ orderBooks }) => orderBooks.get(SYMBOL, { depth: value as number }),
      { field: 'depth' },
    ],
    [
      `a depth of getMany that is ${title}`,
      ({ orderBooks }) => orderBooks.getMany([SYMBOL], { depth: value as number }),
      { field: 'depth' },
    ],
  ]),
  ...[MIN_EPOCH_MS - 1, 1.5, Number.NaN, START / 1_000, START * 1_000].map(
    (since): Case => [
      `since ${since}`,
      ({ trades }) => trades.recent(SYMBOL, { since }),
      { field: 'since' },
    ],
  ),
  ...['', '0'.repeat(300), 0, null, {}].map(
    (after): Case => [
      `a cursor that is ${JSON.stringify(after).slice(0, 10)}`,
      ({ trades }) => trades.replay(SYMBOL, { after: after as string }),
      { field: 'after' },
    ],
  ),
  [
    'an unknown option of recent',
    ({ trades }) => trades.recent(SYMBOL, other),
    { field: 'options' },
  ],
  [
    'an unknown option of replay',
    ({ trades }) => trades.replay(SYMBOL, other),
    { field: 'options' },
  ],
  [
    'an unknown option of get',
    ({ orderBooks }) => orderBooks.get(SYMBOL, other),
    { field: 'options' },
  ],
];

describe('what is refused', () => {
  let realtime: RemoteRealtime;
  let events: RealtimeEvent[];

  beforeEach(async () => {
    realtime = new RemoteRealtime('process', { clock: new ManualClock() });
    await realtime.open();
    events = [];
    realtime.subscribe({}, (event) => events.push(event));
  });

  it.each(CASES)(
    'is named by field and index, and goes no further: %s',
    async (_, call, expected) => {
      await expect(call(realtime)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        details: expected,
      });
      expect(realtime.received).toEqual([]);
      expect(events).toEqual([]);
    },
  );

  it.each(Object.entries(BAD_SELECTORS))('a selector that is %s', (_, [selector, field]) => {
    expect(() => realtime.subscribe(selector as object, () => undefined)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        details: expect.objectContaining({ field }),
      }),
    );
  });
});

/** A call for each bad value of each field. */
function faults(
  fields: Readonly<Record<string, Values>>,
  call: (change: object) => Call,
): (readonly [title: string, call: Call, expected: { readonly field: string }])[] {
  return Object.entries(fields).flatMap(([field, values]) =>
    Object.entries(values).map(
      ([title, value]) => [`${field} ${title}`, call({ [field]: value }), { field }] as const,
    ),
  );
}
