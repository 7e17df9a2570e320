import { TICKER_OPTIONAL_FIELDS, type Ticker, type Trade } from '@barkeep/core';
import type { RealtimeSelector } from '@barkeep/realtime';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../../sample-symbols.ts';

/** Symbols that a careless cache mixes up; commands name them by index. */
export interface RealtimeWorld {
  readonly symbols: readonly string[];
}

/** Seconds of the past, or of a time that is too far ahead to be believed. */
export interface ModelTime {
  readonly at: number;
  readonly isAhead: boolean;
}

export type ModelTicker = Omit<Ticker, 'symbol' | 'timestamp'>;
export type ModelTrade = Omit<Trade, 'timestamp'> & ModelTime;

/** Trades `first` to `first + count`, each `apartMs` after the one before, in some order. */
export interface ModelPage {
  readonly first: number;
  readonly count: number;
  readonly apartMs: number;
  readonly order: 'ascending' | 'descending' | 'shuffled';
}

export type Part = 'tickers' | 'orderBooks' | 'trades';

interface OfSymbol<Kind> {
  readonly kind: Kind;
  readonly symbol: number;
}

/** One step of a model run: plain data, so that a counterexample says everything. */
export type RealtimeCommand =
  | (OfSymbol<'set-ticker'> & { readonly time: ModelTime; readonly ticker: ModelTicker })
  | (OfSymbol<'set-book'> & {
      readonly time: ModelTime;
      readonly bids: number;
      readonly asks: number;
      readonly version: number;
    })
  | (OfSymbol<'append'> & { readonly trades: readonly ModelTrade[] })
  | (OfSymbol<'append-page'> & { readonly time: ModelTime; readonly page: ModelPage })
  | (OfSymbol<'refused'> & { readonly part: Part })
  /** The latest write of any kind once more. */
  | { readonly kind: 'repeat' }
  | OfSymbol<'read'>
  | {
      readonly kind: 'read-many';
      /** Those beyond the world's were never stored; `times`: the list so often in a row. */
      readonly symbols: readonly number[];
      readonly times: number;
      readonly depth: number | undefined;
    }
  | (OfSymbol<'recent'> & {
      readonly limit: number | undefined;
      readonly since: ModelTime | undefined;
    })
  | (OfSymbol<'replay'> & { readonly isFromStart: boolean })
  | (OfSymbol<'delete'> & { readonly part: Part })
  | { readonly kind: 'advance'; readonly ms: number; readonly isShort: boolean }
  | { readonly kind: 'set-back'; readonly byMs: number }
  | {
      readonly kind: 'subscribe';
      readonly types: RealtimeSelector['types'];
      readonly symbols: readonly number[] | undefined;
    }
  | { readonly kind: 'clear' | 'sweep' | 'unsubscribe' | 'reopen' | 'switch-handle' };

const LONGEST_SEQUENCE = 25;
const SYMBOLS = 3;

const world: Arbitrary<RealtimeWorld> = fc
  .constantFrom(...Object.values(SYMBOL_GROUPS))
  .chain((group) =>
    fc.shuffledSubarray([...group, 'other'], { minLength: SYMBOLS, maxLength: SYMBOLS }),
  )
  .map((symbols) => ({ symbols }));

const symbol = fc.nat({ max: SYMBOLS - 1 });
const part = fc.constantFrom<Part>('tickers', 'orderBooks', 'trades');
const time: Arbitrary<ModelTime> = fc.record({
  at: fc.nat({ max: 6 }),
  isAhead: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});

const signed = fc.oneof(
  fc.constantFrom(0, -0.008_226_67, 0.1 + 0.2, 1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const amount = fc.oneof(
  fc.constantFrom(0, 1 / 3, Number.MIN_VALUE),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const price = amount.map((value) => value || Number.MAX_VALUE);

const ticker = fc.record(
  {
    price: signed,
    ...Object.fromEntries(TICKER_OPTIONAL_FIELDS.map((field) => [field, signed])),
    volume: amount,
    quoteVolume: amount,
  },
  { requiredKeys: ['price'] },
) as Arbitrary<ModelTicker>;

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
const trade: Arbitrary<ModelTrade> = fc
  .record({ id, price, size: amount, side: fc.constantFrom('buy' as const, 'sell' as const), time })
  .map(({ time: at, ...rest }) => ({ ...rest, ...at }));

/** Mostly small; some beyond the pieces in which adapters work. */
function count(max: number): Arbitrary<number> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.nat({ max }) },
    { weight: 2, arbitrary: fc.integer({ min: 50, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 1_100 }) },
  );
}

const page: Arbitrary<ModelPage> = fc.record({
  first: fc.nat({ max: 40 }),
  count: count(20),
  apartMs: fc.constantFrom(0, 1, 250),
  order: fc.constantFrom('ascending' as const, 'descending' as const, 'shuffled' as const),
});

function command<Kind extends RealtimeCommand['kind'], Fields extends object>(
  weight: number,
  kind: Kind,
  fields?: { readonly [Name in keyof Fields]: Arbitrary<Fields[Name]> },
): { readonly weight: number; readonly arbitrary: Arbitrary<{ readonly kind: Kind } & Fields> } {
  const rest = fields === undefined ? fc.constant({}) : fc.record(fields);
  return { weight, arbitrary: rest.map((given) => ({ kind, ...given }) as never) };
}

const known = fc.array(fc.nat({ max: SYMBOLS }), { maxLength: 5 });
const all = fc.array(fc.nat({ max: SYMBOLS }), { minLength: 5, maxLength: 5 });
const limit = fc.option(fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 1_200 })), { nil: undefined });
const depth = fc.constantFrom(undefined, 0, 1, 3, 600);
const types = fc.option(fc.subarray(['ticker' as const, 'orderBook' as const, 'trades' as const]), {
  nil: undefined,
});
const selected = fc.option(fc.array(symbol, { maxLength: 2 }), { nil: undefined });
const lives = fc.constantFrom(15_000, 30_000, 150_000, 300_000, 600_000);

const COMMANDS: readonly { weight: number; arbitrary: Arbitrary<RealtimeCommand> }[] = [
  command(5, 'set-ticker', { symbol, time, ticker }),
  command(5, 'set-book', { symbol, time, bids: count(4), asks: count(4), version: fc.nat(9) }),
  command(5, 'append', { symbol, trades: fc.array(trade, { maxLength: 5 }) }),
  command(5, 'append-page', { symbol, time, page }),
  command(3, 'repeat'),
  command(1, 'refused', { symbol, part }),
  command(4, 'read', { symbol }),
  command(2, 'read-many', { symbols: known, times: fc.constant(1), depth }),
  command(1, 'read-many', { symbols: all, times: fc.constant(210), depth: fc.constant(1) }),
  command(3, 'recent', { symbol, limit, since: fc.option(time, { nil: undefined }) }),
  command(4, 'replay', { symbol, isFromStart: fc.boolean() }),
  command(2, 'delete', { symbol, part }),
  command(4, 'advance', { ms: lives, isShort: fc.boolean() }),
  command(1, 'set-back', { byMs: fc.constantFrom(2_000, 3_600_000) }),
  command(2, 'subscribe', { types, symbols: selected }),
  command(1, 'unsubscribe'),
  command(1, 'sweep'),
  command(1, 'clear'),
];
const SHARED = [command(9, 'switch-handle'), command(5, 'reopen')];
/** A world, and sequences of commands in it; `shared`: made through two handles in turn. */
export function commandSequences(
  isShared: boolean,
): Arbitrary<readonly [RealtimeWorld, ...RealtimeCommand[]]> {
  const sequence = fc.array(fc.oneof(...COMMANDS, ...(isShared ? SHARED : [])), {
    minLength: 1,
    maxLength: LONGEST_SEQUENCE,
    size: 'max',
  });
  return fc.tuple(world, sequence).map(([begin, commands]) => [begin, ...commands] as const);
}
