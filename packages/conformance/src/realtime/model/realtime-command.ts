import {
  type EpochMs,
  type OrderBook,
  TICKER_OPTIONAL_FIELDS,
  type Ticker,
  type Trade,
} from '@barkeep/core';
import type { IRealtimeCache, RealtimeSelector } from '@barkeep/realtime';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../../storage/sample-symbols.ts';
import { START } from '../sample-market.ts';

/** What a cache keeps, by the names of its properties. */
export type Part = 'tickers' | 'orderBooks' | 'trades';

/** One step of a model run: plain data, so that a counterexample says everything. */
export type RealtimeCommand =
  /** A call of a method that the model has, too. */
  | { readonly call: string; readonly given: readonly unknown[] }
  /** From the last replay of this symbol on, or from the start. */
  | { readonly kind: 'replay'; readonly symbol: string; readonly isFromStart: boolean }
  /** `isShort`: until just before. */
  | { readonly kind: 'advance'; readonly ms: number; readonly isShort: boolean }
  | { readonly kind: 'set-back'; readonly byMs: number }
  /** One listener at a time is choosy; `undefined`: none. */
  | { readonly kind: 'subscribe'; readonly selector: RealtimeSelector | undefined }
  /** `repeat`: the latest write once more. */
  | { readonly kind: 'repeat' | 'look' | 'sweep' | 'switch-handle' | 'reopen' };

/** A time that is too far ahead to be believed, by every clock. */
export const AHEAD: EpochMs = Date.UTC(2200, 0, 1);

const LONGEST_SEQUENCE = 25;
const SYMBOLS = 3;

/** Symbols that a careless cache mixes up. */
const worlds: Arbitrary<readonly string[]> = fc
  .constantFrom(...Object.values(SYMBOL_GROUPS))
  .chain((group) =>
    fc.shuffledSubarray([...group, 'other'], { minLength: SYMBOLS, maxLength: SYMBOLS }),
  );

const timestamp = fc
  .record({ since: fc.constantFrom(START, START, START, START, AHEAD), second: fc.nat({ max: 6 }) })
  .map(({ since, second }) => since + second * 1_000);

const signed = fc.oneof(
  fc.constantFrom(0, -0.008_226_67, 0.1 + 0.2, 1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const amount = fc.oneof(
  fc.constantFrom(0, 1 / 3, Number.MIN_VALUE),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const optional = Object.fromEntries(TICKER_OPTIONAL_FIELDS.map((field) => [field, signed]));
const tickerFields = { ...optional, price: signed, volume: amount, quoteVolume: amount, timestamp };

const id = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 9 }).map((i) => `t${i}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['1', '01', '1.0', ' 1', '9007199254740992', '9007199254740993', 'é', 'e\u0301'],
      ...['__proto__', 'B:t1', 'PERP:t1', '\n', '🚀', 'x'.repeat(200), `${'x'.repeat(200)}y`],
    ),
  },
);
const trade: Arbitrary<Trade> = fc.record({
  id,
  price: amount.map((value) => value || Number.MAX_VALUE),
  size: amount,
  side: fc.constantFrom('buy', 'sell'),
  timestamp,
});

/** Mostly small; some beyond the pieces in which adapters work. */
function count(max: number): Arbitrary<number> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.nat({ max }) },
    { weight: 2, arbitrary: fc.integer({ min: 50, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 1_100 }) },
  );
}

const page = fc
  .record({
    from: timestamp,
    first: fc.nat({ max: 40 }),
    count: count(20),
    apartMs: fc.constantFrom(0, 1, 250),
    // Without a common divisor with any count that is no multiple of it.
    stride: fc.constantFrom(1, 7_919),
    isReversed: fc.boolean(),
  })
  .map((shape) => {
    const trades = Array.from({ length: shape.count }, (_, i): Trade => {
      const number = shape.first + ((i * shape.stride) % shape.count);
      const side = number % 3 === 0 ? 'buy' : 'sell';
      const at = shape.from + number * shape.apartMs;
      return { id: `p${number}`, timestamp: at, price: 1 + number / 8, size: number / 3, side };
    });
    return shape.isReversed ? trades.reverse() : trades;
  });

function levels(sign: 1 | -1): Arbitrary<OrderBook['bids']> {
  return fc.tuple(count(4), fc.nat({ max: 9 })).map(([length, version]) =>
    Array.from({ length }, (_, i) => ({
      price: 1e6 + sign * (i + 1) * (version + 0.1),
      size: i % 5 === version ? 0 : (version + 1) / (3 * i + 2 + sign),
    })),
  );
}

function optionally<Value>(arbitrary: Arbitrary<Value>): Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

type Calls = {
  readonly [Name in Part]: {
    readonly [Method in Exclude<keyof IRealtimeCache[Name], 'replay'>]: readonly [
      weight: number,
      given: IRealtimeCache[Name][Method] extends (...given: infer Given) => unknown
        ? Arbitrary<Given>
        : never,
    ];
  };
};

/** How often each call comes, and what it may be given. */
function callsOf(symbols: readonly string[]): Calls {
  const symbol = fc.constantFrom(...symbols);
  const any = fc.constantFrom(...symbols, 'never stored');
  const many = fc.oneof(
    { weight: 2, arbitrary: fc.array(any, { maxLength: 5 }) },
    {
      weight: 1,
      arbitrary: fc.constant(
        Array.from({ length: 260 }, () => ['never stored', ...symbols]).flat(),
      ),
    },
  );
  const depth = fc.constantFrom(undefined, 0, 1, 3, 600);
  const limit = optionally(fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 1_200 })));
  const ticker = fc.record(
    { symbol, ...tickerFields },
    { requiredKeys: ['symbol', 'price', 'timestamp'] },
  ) as Arbitrary<Ticker>;
  const book = fc.record({ symbol, timestamp, bids: levels(-1), asks: levels(1) });
  return {
    tickers: {
      set: [5, fc.tuple(ticker)],
      get: [1, fc.tuple(any)],
      getMany: [1, fc.tuple(many)],
      delete: [1, fc.tuple(symbol)],
    },
    orderBooks: {
      set: [5, fc.tuple(book)],
      get: [2, fc.tuple(any, fc.record({ depth }))],
      getMany: [1, fc.tuple(many, fc.record({ depth }))],
      delete: [1, fc.tuple(symbol)],
    },
    trades: {
      append: [10, fc.tuple(symbol, fc.oneof(fc.array(trade, { maxLength: 5 }), page))],
      recent: [3, fc.tuple(symbol, fc.record({ limit, since: optionally(timestamp) }))],
      delete: [1, fc.tuple(symbol)],
    },
  };
}

/** How often each other step comes, and what it says. */
function stepsOf(symbols: readonly string[], isShared: boolean) {
  const symbol = fc.constantFrom(...symbols);
  const types = fc.subarray(['ticker' as const, 'orderBook' as const, 'trades' as const]);
  const selector = fc.record({
    types: optionally(types),
    symbols: optionally(fc.array(symbol, { maxLength: 2 })),
  });
  return {
    replay: [4, { symbol, isFromStart: fc.boolean() }],
    advance: [
      4,
      {
        ms: fc.constantFrom(15_000, 30_000, 150_000, 300_000, 600_000),
        isShort: fc.boolean(),
      },
    ],
    'set-back': [1, { byMs: fc.constantFrom(2_000, 3_600_000) }],
    subscribe: [2, { selector: optionally(selector) }],
    repeat: [3, {}],
    look: [3, {}],
    sweep: [1, {}],
    'switch-handle': [isShared ? 9 : 0, {}],
    reopen: [isShared ? 5 : 0, {}],
  } as const;
}

/** Symbols, and sequences of commands about them; `isShared`: made through two handles in turn. */
export function commandSequences(
  isShared: boolean,
): Arbitrary<readonly [readonly string[], ...RealtimeCommand[]]> {
  return worlds.chain((symbols) => {
    const calls = Object.entries(callsOf(symbols)).flatMap(([part, methods]) =>
      Object.entries<readonly [number, Arbitrary<readonly unknown[]>]>(methods).map(
        ([method, [weight, given]]) => {
          const call = fc.constant(`${part}.${method}`);
          return { weight, arbitrary: fc.record({ call, given }) };
        },
      ),
    );
    const clear = fc.constant({ call: 'clear', given: [] });
    const steps = Object.entries(stepsOf(symbols, isShared)).map(([kind, [weight, said]]) => {
      const step: Record<string, Arbitrary<unknown>> = { kind: fc.constant(kind), ...said };
      return { weight, arbitrary: fc.record(step) as unknown as Arbitrary<RealtimeCommand> };
    });
    const command = fc.oneof(...calls, { weight: 1, arbitrary: clear }, ...steps);
    return fc
      .array(command, { minLength: 1, maxLength: LONGEST_SEQUENCE, size: 'max' })
      .map((commands) => [symbols, ...commands] as const);
  });
}
