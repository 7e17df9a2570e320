import {
  type EpochMs,
  type OrderBook,
  TICKER_FIELDS,
  type Ticker,
  type TradeInput,
} from '@barkeep/core';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../../sample-symbols.ts';
import { START } from '../sample-market.ts';

/**
 * A call of a method that the model has, too, or of a step of the run: plain data, so that a
 * counterexample says everything.
 */
export interface RealtimeCommand {
  readonly call: string;
  readonly given: readonly unknown[];
}

/** A time that is too far ahead to be believed, by every clock. */
export const AHEAD: EpochMs = Date.UTC(2200, 0, 1);
/** So shortly before 1970 that some times come after it. */
const LONG_AGO: EpochMs = -4_000;

const LONGEST_SEQUENCE = 25;
const SYMBOLS = 3;

/** Symbols that a careless cache mixes up. */
const worlds: Arbitrary<readonly string[]> = fc
  .constantFrom(...Object.values(SYMBOL_GROUPS))
  .chain((group) =>
    fc.shuffledSubarray([...group, 'other'], { minLength: SYMBOLS, maxLength: SYMBOLS }),
  );

const timestamp = fc
  .record({
    since: fc.constantFrom(START, START, START, START, AHEAD, LONG_AGO),
    second: fc.nat({ max: 6 }),
  })
  .map(({ since, second }) => since + second * 1_000);

const signed = fc.oneof(
  fc.constantFrom(0, -0.008_226_67, 0.1 + 0.2, 1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const amount = fc.oneof(
  fc.constantFrom(0, 1 / 3, Number.MIN_VALUE),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const numbers = Object.fromEntries(TICKER_FIELDS.map((field) => [field, signed]));
const tickerFields = { ...numbers, volume: amount, quoteVolume: amount, timestamp };

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
const side = fc.constantFrom('buy' as const, 'sell' as const);
const trade: Arbitrary<TradeInput> = fc.record(
  { id, price: signed, size: amount, side, timestamp },
  { requiredKeys: ['price', 'size', 'timestamp'] },
);
/** Few that differ, so that some of a call are equal. */
const nameless: Arbitrary<TradeInput> = fc.record(
  { price: fc.constantFrom(0, -37.63), size: fc.constant(1), side, timestamp },
  { requiredKeys: ['price', 'size', 'timestamp'] },
);

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
    isNamed: fc.boolean(),
  })
  .map((shape) => {
    const trades = Array.from({ length: shape.count }, (_, i): TradeInput => {
      const number = shape.first + ((i * shape.stride) % shape.count);
      const timestamp = shape.from + number * shape.apartMs;
      const one = { timestamp, price: number / 8 - 1, size: number / 3 };
      const named = shape.isNamed ? { ...one, id: `p${number}` } : one;
      return number % 3 === 0 ? named : { ...named, side: number % 3 === 1 ? 'buy' : 'sell' };
    });
    return shape.isReversed ? trades.reverse() : trades;
  });

function levels(sign: 1 | -1): Arbitrary<OrderBook['bids']> {
  const middle = fc.constantFrom(1e6, 0, -37.63);
  return fc.tuple(count(4), fc.nat({ max: 9 }), middle).map(([length, version, from]) =>
    Array.from({ length }, (_, i) => ({
      price: from + sign * (i + 1) * (version + 0.1),
      size: i % 5 === version ? 0 : (version + 1) / (3 * i + 2 + sign),
    })),
  );
}

type CommandTable = Readonly<
  Record<string, readonly [weight: number, ...given: Arbitrary<unknown>[]]>
>;

/** How often each call comes, and what it may be given; `isShared`: through two handles in turn. */
function commandsOf(symbols: readonly string[], isShared: boolean): CommandTable {
  const symbol = fc.constantFrom(...symbols);
  const any = fc.constantFrom(...symbols, 'never stored');
  const more = Array.from({ length: 260 }, () => ['never stored', ...symbols]).flat();
  const few = fc.array(any, { maxLength: 5 });
  const many = fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: fc.constant(more) });
  const depth = fc.record({ depth: fc.constantFrom(undefined, 0, 1, 3, 600) });
  const limit = fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 1_200 }));
  const ticker = fc
    .record({ symbol, ...tickerFields }, { requiredKeys: ['symbol', 'timestamp'] })
    .filter(({ price, bid, ask }: Partial<Ticker>) => (price ?? bid ?? ask) !== undefined);
  const trades = fc.oneof(
    fc.array(trade, { maxLength: 5 }),
    fc.array(nameless, { maxLength: 5 }),
    page,
  );
  const book = fc.record({ symbol, timestamp, bids: levels(-1), asks: levels(1) });
  const types = fc.subarray(['ticker', 'orderBook', 'trades']);
  const selector = { types, symbols: fc.array(symbol, { maxLength: 2 }) };
  return {
    'tickers.set': [5, ticker],
    'tickers.get': [1, any],
    'tickers.getMany': [1, many],
    'tickers.delete': [1, symbol],
    'orderBooks.set': [5, book],
    'orderBooks.get': [2, any, depth],
    'orderBooks.getMany': [1, many, depth],
    'orderBooks.delete': [1, symbol],
    'trades.append': [10, symbol, trades],
    'trades.recent': [3, symbol, fc.record({ limit, since: timestamp }, { requiredKeys: [] })],
    'trades.delete': [1, symbol],
    clear: [1],
    replay: [4, symbol, fc.boolean()],
    advance: [4, fc.constantFrom(15_000, 30_000, 150_000, 300_000, 600_000), fc.boolean()],
    setBack: [1, fc.constantFrom(2_000, 3_600_000)],
    subscribe: [2, fc.option(fc.record(selector, { requiredKeys: [] }), { nil: undefined })],
    repeat: [3],
    look: [3],
    sweep: [1],
    switchHandle: [isShared ? 9 : 0],
    reopen: [isShared ? 5 : 0],
  };
}

/** Symbols, and sequences of commands about them. */
export function commandSequences(
  isShared: boolean,
): Arbitrary<readonly [readonly string[], ...RealtimeCommand[]]> {
  return worlds.chain((symbols) => {
    const commands = Object.entries(commandsOf(symbols, isShared)).map(
      ([call, [weight, ...given]]) => ({
        weight,
        arbitrary: fc.record({ call: fc.constant(call), given: fc.tuple(...given) }),
      }),
    );
    return fc
      .array(fc.oneof(...commands), { minLength: 1, maxLength: LONGEST_SEQUENCE, size: 'max' })
      .map((sequence) => [symbols, ...sequence] as const);
  });
}
