import { CANDLE_COLUMNS, type Candle, type SeriesKey, type Timeframe } from '@barkeep/core';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../sample-symbols.ts';

/** What a run is about: series that a careless storage mixes up, and how far apart the periods lie. */
export interface ModelWorld {
  readonly series: readonly SeriesKey[];
  /** How many periods lie between two positions. */
  readonly stride: number;
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

interface OfRange<Kind> {
  readonly kind: Kind;
  readonly series: number;
  readonly range: ModelRange;
}

/** One step of a model run: plain data, so that a counterexample says everything. */
export type StorageCommand =
  | {
      readonly kind: 'write' | 'write-refused' | 'write-given-up' | 'write-failing';
      readonly batches: readonly ModelWrite[];
    }
  | { readonly kind: 'at-once'; readonly changes: readonly (ModelWrite | ModelRemoval)[] }
  | { readonly kind: 'read'; readonly queries: readonly ModelQuery[] }
  | {
      readonly kind: 'read-columns';
      readonly query: ModelQuery;
      readonly columns: readonly (keyof Candle)[];
    }
  | (OfRange<'scan'> & { readonly chunkSize: number })
  | (OfRange<'cover'> & { readonly source: string; readonly collectedAt: number })
  | OfRange<'remove' | 'uncover' | 'covered' | 'missing' | 'continuity' | 'announce'>
  | { readonly kind: 'list'; readonly series: number; readonly by: readonly (keyof SeriesKey)[] }
  | { readonly kind: 'snapshots'; readonly requests: readonly ModelSnapshot[] }
  | { readonly kind: 'set-document'; readonly name: string; readonly value: ModelDocument }
  | { readonly kind: 'delete-document'; readonly name: string }
  | { readonly kind: 'list-documents'; readonly prefix: string }
  | { readonly kind: 'compact'; readonly series: number }
  | { readonly kind: 'reopen' | 'restore' | 'switch-handle' };

export type ModelDocument =
  | number
  | string
  | readonly ModelDocument[]
  | { readonly [name: string]: ModelDocument };

const LONGEST_SEQUENCE = 25;
const SERIES = 4;
const LAST_POSITION = 30;
export const VERSIONS = 12;

const TIMEFRAMES: readonly Timeframe[] = ['1M', '1w', '1d', '5m', '60m', '60s'];

const world: Arbitrary<ModelWorld> = fc
  .record({
    symbols: fc
      .constantFrom(...Object.values(SYMBOL_GROUPS))
      .chain((group) => fc.shuffledSubarray([...group], { minLength: 2, maxLength: 2 })),
    timeframe: fc.constantFrom(...TIMEFRAMES),
    // Years of 1,024 months each would end after the last instant there is.
    stride: fc.constantFrom(1, 1, 97, 1_024),
  })
  .map(({ symbols: [a = 'A', b = 'B'], timeframe, stride }) => ({
    series: [
      { symbol: a, timeframe: '1m' },
      { symbol: b, timeframe: '1m' },
      { symbol: a, timeframe },
      { symbol: b, timeframe: '1h' },
    ],
    stride: timeframe === '1M' ? Math.min(stride, 97) : stride,
  }));

const series = fc.nat({ max: SERIES - 1 });
const source = fc.constantFrom('a', 'b');
const position = fc.nat({ max: LAST_POSITION });
const name = fc.constantFrom('n', 'n1', 'n%', 'm', 'é', 'e\u0301', 'N', `n${'x'.repeat(300)}`);

const bounded: Arbitrary<ModelRange> = fc
  .tuple(position, fc.nat({ max: 12 }), fc.boolean(), fc.boolean())
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
    { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 1_100 }) },
  ),
  version: fc.oneof(fc.nat({ max: VERSIONS - 1 }), fc.constant('mixed' as const)),
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

const selection: Arbitrary<ModelSelection> = fc.record({
  range: anyRange,
  limit: fc.option(fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 1_200 })), { nil: undefined }),
  take: fc.constantFrom(undefined, 'first' as const, 'last' as const),
});
const query: Arbitrary<ModelQuery> = fc
  .tuple(series, selection)
  .map(([ofSeries, rest]) => ({ series: ofSeries, ...rest }));

const snapshot: Arbitrary<ModelSnapshot> = fc.record({
  series,
  ranges: fc.array(
    fc
      .tuple(
        selection,
        fc.constantFrom(undefined, 'never', 'always', 'has-others', 'has-latest', 'has-latest'),
      )
      .map(([rest, candles]): ModelSnapshotRange => ({ ...rest, candles })),
    { maxLength: 4 },
  ),
});

const value: Arbitrary<ModelDocument> = fc.oneof(
  fc.nat({ max: 3 }),
  fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => text.isWellFormed()),
  fc.constant('long '.repeat(20_000)),
  fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('é', 'e\u0301', '__proto__', 'a'), fc.nat(), { maxKeys: 2 }),
);

function writes<Kind extends 'write' | 'write-refused' | 'write-given-up' | 'write-failing'>(
  kind: Kind,
): Arbitrary<StorageCommand> {
  return batches.map((all) => ({ kind, batches: all }));
}

function ofRange(
  kind: OfRange<'remove' | 'uncover' | 'covered' | 'missing' | 'continuity' | 'announce'>['kind'],
  range: Arbitrary<ModelRange>,
): Arbitrary<StorageCommand> {
  return fc.record({ kind: fc.constant(kind), series, range });
}

const WEIGHTED: readonly (readonly [weight: number, Arbitrary<StorageCommand>])[] = [
  [12, writes('write')],
  [2, writes('write-refused')],
  [2, writes('write-given-up')],
  [2, writes('write-failing')],
  [
    4,
    fc
      .tuple(write, fc.oneof({ weight: 3, arbitrary: write }, { weight: 1, arbitrary: removal }))
      .map((changes) => ({ kind: 'at-once' as const, changes })),
  ],
  [
    6,
    fc.array(query, { minLength: 1, maxLength: 4 }).map((queries) => ({ kind: 'read', queries })),
  ],
  [
    3,
    fc.record({
      kind: fc.constant('read-columns' as const),
      query,
      columns: fc.shuffledSubarray([...CANDLE_COLUMNS], { minLength: 1 }),
    }),
  ],
  [
    2,
    fc.record({
      kind: fc.constant('scan' as const),
      series,
      range: anyRange,
      chunkSize: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 200, max: 600 })),
    }),
  ],
  [5, ofRange('remove', boundedOrAll)],
  [
    5,
    fc.record({
      kind: fc.constant('cover' as const),
      series,
      range: bounded,
      source,
      collectedAt: fc.nat({ max: 3 }),
    }),
  ],
  [2, ofRange('uncover', boundedOrAll)],
  [2, ofRange('covered', boundedOrAll)],
  [3, ofRange('missing', bounded)],
  [2, ofRange('continuity', boundedOrAll)],
  [2, ofRange('announce', boundedOrAll)],
  [
    2,
    fc.record({
      kind: fc.constant('list' as const),
      series,
      by: fc.subarray<keyof SeriesKey>(['symbol', 'timeframe']),
    }),
  ],
  [
    6,
    fc
      .array(snapshot, { minLength: 1, maxLength: 3 })
      .map((requests) => ({ kind: 'snapshots', requests })),
  ],
  [4, fc.record({ kind: fc.constant('set-document' as const), name, value })],
  [3, fc.record({ kind: fc.constant('delete-document' as const), name })],
  [
    1,
    fc.record({
      kind: fc.constant('list-documents' as const),
      prefix: fc.constantFrom('', 'n', 'n%', 'e', '%'),
    }),
  ],
  [2, fc.record({ kind: fc.constant('compact' as const), series })],
];

const COMMANDS = WEIGHTED.map(([weight, arbitrary]) => ({ weight, arbitrary }));

/** A world, and sequences of commands in it, with some of a kind that takes a storage apart. */
export function commandSequences(
  extra?: 'reopen' | 'restore' | 'switch-handle',
): Arbitrary<readonly [ModelWorld, ...StorageCommand[]]> {
  const others = extra && [{ weight: 14, arbitrary: fc.constant<StorageCommand>({ kind: extra }) }];
  const sequence = fc.array(fc.oneof(...COMMANDS, ...(others ?? [])), {
    minLength: 1,
    maxLength: LONGEST_SEQUENCE,
    size: 'max',
  });
  return fc.tuple(world, sequence).map(([begin, commands]) => [begin, ...commands] as const);
}
