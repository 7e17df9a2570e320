import {
  type CandleColumn,
  COLUMN_NAMES,
  OPTIONAL_COLUMNS,
  type SeriesKey,
  type Timeframe,
} from '@barkeep/core';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../../sample-symbols.ts';

/** What a run is about: series that a careless storage mixes up, and when and how far apart the periods lie. */
export interface ModelWorld {
  readonly series: readonly SeriesKey[];
  /** How many periods lie between two positions. */
  readonly stride: number;
  /** Whether all positions lie before 1970. */
  readonly isLongAgo: boolean;
}

/** Positions, counted from one where pages and buckets begin; a bound that is `off` lies just inside a period. */
export interface ModelRange {
  readonly from?: number;
  readonly to?: number;
  readonly fromOff?: boolean;
  readonly toOff?: boolean;
}

/** `periods` candles in a row, from `before` periods ahead of a position. */
export interface ModelPage {
  readonly at: number;
  readonly before: number;
  readonly periods: number;
  /** Which values they have, see `modelCandle`; `mixed`: each another one. */
  readonly version: number | 'mixed';
}

export interface ModelWrite {
  readonly series: number;
  readonly pages: readonly ModelPage[];
  readonly covers: readonly ModelRange[];
  readonly source: string;
  readonly replaces: 'all' | 'uncovered' | undefined;
}

export interface ModelRemoval {
  readonly series: number;
  readonly removes: ModelRange;
}

export interface ModelSelection {
  readonly range: ModelRange;
  readonly limit: number | undefined;
  readonly take: 'first' | 'last' | undefined;
}

export interface ModelQuery extends ModelSelection {
  readonly series: number;
}

/** A range of a snapshot; `has-latest` asks for candles unless they are those of the last snapshot. */
export interface ModelSnapshotRange extends ModelSelection {
  readonly candles: 'never' | 'always' | 'has-others' | 'has-latest' | undefined;
}

export interface ModelSnapshot {
  readonly series: number;
  readonly ranges: readonly ModelSnapshotRange[];
}

interface OfRange {
  readonly series: number;
  readonly range: ModelRange;
}

interface OfBatches {
  readonly batches: readonly ModelWrite[];
}

/** What each kind of command says. */
interface Arguments {
  readonly write: OfBatches;
  readonly 'write-refused': OfBatches;
  readonly 'write-given-up': OfBatches;
  readonly 'write-failing': OfBatches & { readonly fault: number };
  readonly 'at-once': { readonly changes: readonly (ModelWrite | ModelRemoval)[] };
  readonly read: { readonly queries: readonly ModelQuery[] };
  readonly 'read-columns': {
    readonly query: ModelQuery;
    readonly columns: readonly CandleColumn[];
  };
  readonly scan: OfRange & { readonly chunkSize: number };
  readonly remove: OfRange;
  readonly cover: OfRange & { readonly source: string; readonly collectedAt: number };
  readonly uncover: OfRange;
  readonly covered: OfRange;
  readonly missing: OfRange;
  readonly continuity: OfRange;
  readonly announce: OfRange;
  readonly list: { readonly series: number; readonly by: readonly (keyof SeriesKey)[] };
  readonly snapshots: { readonly requests: readonly ModelSnapshot[] };
  readonly 'set-document': { readonly name: string; readonly value: ModelDocument };
  readonly 'delete-document': { readonly name: string };
  readonly 'list-documents': { readonly prefix: string };
  readonly compact: { readonly series: number };
}

/** One step of a model run: plain data, so that a counterexample says everything. */
export type StorageCommand =
  | { [Kind in keyof Arguments]: { readonly kind: Kind } & Arguments[Kind] }[keyof Arguments]
  | { readonly kind: 'reopen' | 'restore' | 'switch-handle' };

export type ModelDocument =
  | number
  | string
  | readonly ModelDocument[]
  | { readonly [name: string]: ModelDocument };

const LONGEST_SEQUENCE = 25;
const SERIES = 4;
const LAST_POSITION = 30;
const LONGEST_RANGE = 12;
export const LONGEST_PAGE = 1_100;
/** So many positions there are. */
export const POSITIONS: number = LAST_POSITION + LONGEST_RANGE + 1;
export const VERSIONS: number = 12 + OPTIONAL_COLUMNS.length;

const TIMEFRAMES: readonly Timeframe[] = [
  ...(['1M', '1w', '1d', '5m', '60m', '60s'] as const),
  ...(['1M@-9h', '1w@3d', '1d@15h', '1h@30m', '1m@1s'] as const),
];

const world: Arbitrary<ModelWorld> = fc
  .record({
    symbols: fc
      .constantFrom(...Object.values(SYMBOL_GROUPS))
      .chain((group) => fc.shuffledSubarray([...group], { minLength: 2, maxLength: 2 })),
    timeframe: fc.constantFrom(...TIMEFRAMES),
    // Years of 1,024 months each would end after the last instant there is.
    stride: fc.constantFrom(1, 1, 97, 1_024),
    isLongAgo: fc.constantFrom(false, false, false, true),
  })
  .map(({ symbols: [a = 'A', b = 'B'], timeframe, stride, isLongAgo }) => ({
    series: [
      { symbol: a, timeframe: '1m' },
      { symbol: b, timeframe: '1m' },
      { symbol: a, timeframe },
      { symbol: b, timeframe: '1h' },
    ],
    stride: timeframe.startsWith('1M') ? Math.min(stride, 97) : stride,
    isLongAgo,
  }));

const series = fc.nat({ max: SERIES - 1 });
const source = fc.constantFrom('a', 'b');
const position = fc.nat({ max: LAST_POSITION });
const name = fc.constantFrom('n', 'n1', 'n%', 'm', 'é', 'e\u0301', 'N', `n${'x'.repeat(300)}`);

const bounded: Arbitrary<ModelRange> = fc
  .tuple(position, fc.nat({ max: LONGEST_RANGE }), fc.boolean(), fc.boolean())
  .map(([from, length, fromOff, toOff]) => ({
    from,
    to: from + length,
    // An empty range must stay one: its end never comes before its start.
    fromOff: fromOff && length > 0,
    toOff,
  }));
const open: Arbitrary<ModelRange> = fc.oneof(
  fc.constant({}),
  bounded.map(({ from = 0, fromOff = false }) => ({ from, fromOff })),
  bounded.map(({ to = 0, toOff = false }) => ({ to, toOff })),
);
const anyRange = fc.oneof({ weight: 2, arbitrary: bounded }, { weight: 1, arbitrary: open });
/** A range with both ends, or none. */
const boundedOrAll = fc.oneof(
  { weight: 3, arbitrary: bounded },
  { weight: 1, arbitrary: fc.constant<ModelRange>({}) },
);

const page: Arbitrary<ModelPage> = fc.record({
  at: position,
  before: fc.nat({ max: 3 }),
  periods: fc.oneof(
    { weight: 12, arbitrary: fc.nat({ max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: 250, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000, max: LONGEST_PAGE }) },
  ),
  // The first ones differ from version 0 in one column.
  version: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 2, max: 6 }) },
    { weight: 2, arbitrary: fc.nat({ max: VERSIONS - 1 }) },
    { weight: 1, arbitrary: fc.constant('mixed' as const) },
  ),
});

const write: Arbitrary<ModelWrite> = fc.record({
  series,
  pages: fc.array(page, { maxLength: 3 }),
  covers: fc.array(bounded, { maxLength: 2 }),
  source,
  replaces: fc.constantFrom(undefined, 'all' as const, 'uncovered' as const, 'uncovered' as const),
});
const removal: Arbitrary<ModelRemoval> = fc.record({ series, removes: boundedOrAll });
const batches = fc.array(write, { minLength: 1, maxLength: 3 });

const selection = {
  range: anyRange,
  limit: fc.oneof(
    fc.constantFrom(undefined, undefined, 0),
    fc.nat({ max: 12 }),
    fc.nat({ max: 1_200 }),
  ),
  take: fc.constantFrom(undefined, 'first' as const, 'last' as const),
};
const query: Arbitrary<ModelQuery> = fc.record({ series, ...selection });

const wish = fc.constantFrom(
  ...([undefined, 'never', 'always', 'has-others', 'has-latest', 'has-latest'] as const),
);
const snapshot: Arbitrary<ModelSnapshot> = fc.record({
  series,
  ranges: fc.array(fc.record({ ...selection, candles: wish }), { maxLength: 4 }),
});

const value: Arbitrary<ModelDocument> = fc.oneof(
  fc.nat({ max: 3 }),
  fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => text.isWellFormed()),
  fc.constant('긴 '.repeat(40_000)),
  fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('é', 'e\u0301', '__proto__', 'a'), fc.nat(), { maxKeys: 2 }),
);

const chunkSize = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 200, max: 600 }));

/** How often each kind comes, and what it may say. */
const COMMANDS: {
  readonly [Kind in keyof Arguments]: readonly [
    weight: number,
    { readonly [Name in keyof Arguments[Kind]]: Arbitrary<Arguments[Kind][Name]> },
  ];
} = {
  write: [12, { batches }],
  'write-refused': [2, { batches }],
  'write-given-up': [2, { batches }],
  'write-failing': [2, { batches, fault: fc.nat({ max: 5 }) }],
  'at-once': [4, { changes: fc.tuple(write, fc.oneof(write, write, write, removal)) }],
  read: [6, { queries: fc.array(query, { minLength: 1, maxLength: 4 }) }],
  'read-columns': [3, { query, columns: fc.shuffledSubarray([...COLUMN_NAMES], { minLength: 1 }) }],
  scan: [2, { series, range: anyRange, chunkSize }],
  remove: [5, { series, range: boundedOrAll }],
  cover: [5, { series, range: bounded, source, collectedAt: fc.nat({ max: 3 }) }],
  uncover: [2, { series, range: boundedOrAll }],
  covered: [2, { series, range: boundedOrAll }],
  missing: [3, { series, range: bounded }],
  continuity: [2, { series, range: boundedOrAll }],
  announce: [2, { series, range: boundedOrAll }],
  list: [2, { series, by: fc.subarray<keyof SeriesKey>(['symbol', 'timeframe']) }],
  snapshots: [6, { requests: fc.array(snapshot, { minLength: 1, maxLength: 3 }) }],
  'set-document': [4, { name, value }],
  'delete-document': [3, { name }],
  'list-documents': [1, { prefix: fc.constantFrom('', 'n', 'n%', 'e', '%') }],
  compact: [2, { series }],
};

/** A world, and sequences of commands in it, with some of a kind that takes a storage apart. */
export function commandSequences(
  extra?: 'reopen' | 'restore' | 'switch-handle',
): Arbitrary<readonly [ModelWorld, ...StorageCommand[]]> {
  const commands = Object.entries(COMMANDS).map(([kind, [weight, said]]) => {
    const model: Record<string, Arbitrary<unknown>> = { kind: fc.constant(kind), ...said };
    return { weight, arbitrary: fc.record(model) as unknown as Arbitrary<StorageCommand> };
  });
  const others = extra && [{ weight: 14, arbitrary: fc.constant<StorageCommand>({ kind: extra }) }];
  const sequence = fc.array(fc.oneof(...commands, ...(others ?? [])), {
    minLength: 1,
    maxLength: LONGEST_SEQUENCE,
    size: 'max',
  });
  return fc.tuple(world, sequence).map(([begin, commands]) => [begin, ...commands] as const);
}
