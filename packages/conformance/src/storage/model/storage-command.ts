import { CANDLE_COLUMNS, type Candle, type Timeframe } from '@barkeep/core';
import fc, { type Arbitrary } from 'fast-check';

/** The series of a model run: two symbols of which one begins with the other, two timeframes. */
export const MODEL_SERIES: readonly { readonly symbol: string; readonly timeframe: Timeframe }[] = [
  { symbol: 'A', timeframe: '1m' },
  { symbol: 'AB', timeframe: '1m' },
  { symbol: 'A', timeframe: '1M' },
];

/** Periods are counted from the one that holds START; a bound that is `off` lies just inside one. */
export interface ModelRange {
  readonly from: number;
  readonly to: number;
  readonly fromOff: boolean;
  readonly toOff: boolean;
}

export interface ModelWrite {
  readonly series: number;
  readonly candles: readonly { readonly period: number; readonly version: number }[];
  readonly covers: ModelRange | undefined;
  readonly source: string;
  readonly replaces: 'all' | 'uncovered' | undefined;
}

export interface ModelQuery {
  readonly series: number;
  readonly range: Partial<ModelRange>;
  readonly limit: number | undefined;
  readonly take: 'first' | 'last' | undefined;
}

/** A range of a snapshot; `has-latest` asks for candles unless they are those of the last snapshot. */
export interface ModelSnapshotRange extends Omit<ModelQuery, 'series'> {
  readonly candles: 'never' | 'always' | 'has-others' | 'has-latest' | undefined;
}

export interface ModelSnapshot {
  readonly series: number;
  readonly ranges: readonly ModelSnapshotRange[];
}

/** One step of a model run: plain data, so that a counterexample says everything. */
export type StorageCommand =
  | { readonly kind: 'write'; readonly batches: readonly ModelWrite[] }
  | { readonly kind: 'write-at-once'; readonly writes: readonly ModelWrite[] }
  | { readonly kind: 'write-invalid'; readonly batches: readonly ModelWrite[] }
  | { readonly kind: 'read'; readonly query: ModelQuery }
  | {
      readonly kind: 'read-column';
      readonly query: ModelQuery;
      readonly column: keyof Candle;
    }
  | { readonly kind: 'read-many'; readonly queries: readonly ModelQuery[] }
  | {
      readonly kind: 'scan';
      readonly series: number;
      readonly range: ModelRange;
      readonly chunkSize: number;
    }
  | { readonly kind: 'remove'; readonly series: number; readonly range: ModelRange | undefined }
  | {
      readonly kind: 'cover';
      readonly series: number;
      readonly range: ModelRange;
      readonly source: string;
    }
  | { readonly kind: 'uncover'; readonly series: number; readonly range: ModelRange | undefined }
  | { readonly kind: 'missing'; readonly series: number; readonly range: ModelRange }
  | { readonly kind: 'continuity'; readonly series: number; readonly range: ModelRange }
  | { readonly kind: 'revisions' }
  | { readonly kind: 'snapshots'; readonly requests: readonly ModelSnapshot[] }
  | { readonly kind: 'announce'; readonly series: number; readonly range: ModelRange | undefined }
  | { readonly kind: 'set-document'; readonly name: string; readonly value: number }
  | { readonly kind: 'delete-document'; readonly name: string }
  | { readonly kind: 'list-documents'; readonly prefix: string }
  | { readonly kind: 'compact'; readonly series: number }
  | { readonly kind: 'reopen' };

const LONGEST_SEQUENCE = 25;

const series = fc.nat({ max: MODEL_SERIES.length - 1 });
const source = fc.constantFrom('a', 'b');
const name = fc.constantFrom('n', 'n1', 'n%', 'm');

const range: Arbitrary<ModelRange> = fc
  .tuple(fc.nat({ max: 30 }), fc.nat({ max: 12 }), fc.boolean(), fc.boolean())
  .map(([from, length, fromOff, toOff]) => ({
    from,
    to: from + length,
    // An empty range must stay one: its end never comes before its start.
    fromOff: fromOff && length > 0,
    toOff,
  }));

const period = fc.nat({ max: 30 });
const version = fc.nat({ max: 2 });

/** Candles one after the other, as exchanges deliver them. */
const page: Arbitrary<ModelWrite['candles']> = fc
  .tuple(period, fc.nat({ max: 20 }), version)
  .map(([first, length, ofAll]) =>
    Array.from({ length }, (_, i) => ({ period: first + i, version: ofAll })),
  );

const scattered: Arbitrary<ModelWrite['candles']> = fc.array(fc.record({ period, version }), {
  maxLength: 12,
});

const write: Arbitrary<ModelWrite> = fc.record({
  series,
  candles: fc.oneof(page, scattered),
  covers: fc.option(range, { nil: undefined }),
  source,
  replaces: fc.constantFrom(undefined, 'all' as const, 'uncovered' as const, 'uncovered' as const),
});

const selection: Arbitrary<Omit<ModelQuery, 'series'>> = fc.record({
  range: fc.oneof(
    fc.constant({}),
    range,
    range.map(({ from, fromOff }) => ({ from, fromOff })),
    range.map(({ to, toOff }) => ({ to, toOff })),
  ),
  limit: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
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
        fc.constantFrom(undefined, 'never' as const, 'always' as const, 'has-others' as const),
        fc.boolean(),
      )
      .map(([rest, candles, hasLatest]) => ({
        ...rest,
        candles: hasLatest ? ('has-latest' as const) : candles,
      })),
    { maxLength: 4 },
  ),
});

const batches = fc.array(write, { minLength: 1, maxLength: 3 });

const command: Arbitrary<StorageCommand> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), batches }) },
  fc.record({
    kind: fc.constant('write-at-once' as const),
    writes: fc.tuple(write, write).map(([one, other]) => [
      { ...one, series: 0 },
      { ...other, series: 1 },
    ]),
  }),
  fc.record({ kind: fc.constant('write-invalid' as const), batches }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), query }) },
  fc.record({
    kind: fc.constant('read-column' as const),
    query,
    column: fc.constantFrom(...CANDLE_COLUMNS),
  }),
  fc.record({
    kind: fc.constant('read-many' as const),
    queries: fc.array(query, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('scan' as const),
    series,
    range,
    chunkSize: fc.integer({ min: 1, max: 7 }),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      series,
      range: fc.option(range, { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cover' as const), series, range, source }),
  },
  fc.record({
    kind: fc.constant('uncover' as const),
    series,
    range: fc.option(range, { nil: undefined }),
  }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('missing' as const), series, range }) },
  fc.record({ kind: fc.constant('continuity' as const), series, range }),
  { weight: 3, arbitrary: fc.constant({ kind: 'revisions' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('snapshots' as const),
      requests: fc.array(snapshot, { minLength: 1, maxLength: 3 }),
    }),
  },
  fc.record({
    kind: fc.constant('announce' as const),
    series,
    range: fc.option(range, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('set-document' as const), name, value: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant('delete-document' as const), name }),
  fc.record({
    kind: fc.constant('list-documents' as const),
    prefix: fc.constantFrom('', 'n', 'n%'),
  }),
  fc.record({ kind: fc.constant('compact' as const), series }),
);

const reopen: Arbitrary<StorageCommand> = fc.constant({ kind: 'reopen' });

/** Sequences of commands on one open storage. */
export const commandSequences: Arbitrary<StorageCommand[]> = fc.array(command, {
  minLength: 1,
  maxLength: LONGEST_SEQUENCE,
  size: 'max',
});

/** The same, with the storage closed and opened again from time to time. */
export const sequencesWithReopen: Arbitrary<StorageCommand[]> = fc.array(
  fc.oneof({ weight: 6, arbitrary: command }, { weight: 1, arbitrary: reopen }),
  { minLength: 1, maxLength: LONGEST_SEQUENCE, size: 'max' },
);
