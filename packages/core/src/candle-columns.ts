import type { EpochMs } from './epoch-ms.ts';

/** What every column says of itself. */
export interface CandleColumnRules {
  /** Whether every candle has it. A series none of whose candles has an optional one pays nothing for it. */
  readonly required: boolean;
  /**
   * `time`: epoch milliseconds, the start of a period. `price`: any finite number. `amount`: not
   * negative. `count`: a whole number, not negative. None is −0.
   */
  readonly values: 'time' | 'price' | 'amount' | 'count';
  /**
   * How the value of a longer period is made of those of its parts: `mean` is weighted by their
   * volumes. Of an optional column, only when every part has it; `last` takes the latest there is.
   */
  readonly merge: 'first' | 'max' | 'min' | 'last' | 'sum' | 'mean';
}

/**
 * The columns of a candle, in the order they are shown: the one list, from which the rest is made.
 * A new one is optional, is added at the end, and needs an id in `@barkeep/segment-codec`, which
 * the type checker demands.
 */
export const CANDLE_COLUMNS = {
  /** The period's start: aligned to the timeframe. */
  timestamp: { required: true, values: 'time', merge: 'first' },
  open: { required: true, values: 'price', merge: 'first' },
  /** Not below `open`, `low` or `close`. */
  high: { required: true, values: 'price', merge: 'max' },
  /** Not above `open`, `high` or `close`. */
  low: { required: true, values: 'price', merge: 'min' },
  close: { required: true, values: 'price', merge: 'last' },
  /** The traded amount in the base currency. */
  volume: { required: true, values: 'amount', merge: 'sum' },
  /** The traded amount in the quote currency. */
  quoteVolume: { required: false, values: 'amount', merge: 'sum' },
  /** How many trades there were. */
  tradeCount: { required: false, values: 'count', merge: 'sum' },
  /** The part of `volume` whose buyer was the taker. */
  takerBuyVolume: { required: false, values: 'amount', merge: 'sum' },
  /** The mean price, weighted by volume. */
  vwap: { required: false, values: 'price', merge: 'mean' },
  /** Contracts that were open at the period's end. */
  openInterest: { required: false, values: 'amount', merge: 'last' },
} as const;

type Table = typeof CANDLE_COLUMNS;

/** A value for each column, where every candle has one. */
type RequiredValues<V> = {
  readonly [C in keyof Table as Table[C]['required'] extends true ? C : never]: V;
};

/** A value for each column that candles may lack. */
type OptionalValues<V> = {
  readonly [C in keyof Table as Table[C]['required'] extends false ? C : never]?: V;
};

/** What happened to a price within one period of a timeframe. A value that is not known is left out. */
export interface Candle extends RequiredValues<number>, OptionalValues<number> {}

/**
 * Candles as a struct of arrays: one `Float64Array` per column, all of one length. Where a candle
 * lacks an optional value, its column has NaN; where all do, the column may be left out.
 */
export interface CandleColumns extends RequiredValues<Float64Array>, OptionalValues<Float64Array> {}

/** The name of a column. */
export type CandleColumn = keyof Table;
export type RequiredColumn = keyof RequiredValues<unknown>;
export type OptionalColumn = keyof OptionalValues<unknown>;

/** Some columns of candles, by name. */
export type SomeColumns<C extends CandleColumn> = { readonly [K in C]: Float64Array };

/** The names of all columns, in the order of the table. */
export const COLUMN_NAMES: readonly CandleColumn[] = Object.freeze(
  // TypeScript gives the keys of an object as strings.
  Object.keys(CANDLE_COLUMNS) as CandleColumn[],
);
const RULES: Readonly<Record<CandleColumn, CandleColumnRules>> = CANDLE_COLUMNS;
export const REQUIRED_COLUMNS: readonly RequiredColumn[] = Object.freeze(
  COLUMN_NAMES.filter((name): name is RequiredColumn => RULES[name].required),
);
export const OPTIONAL_COLUMNS: readonly OptionalColumn[] = Object.freeze(
  COLUMN_NAMES.filter((name): name is OptionalColumn => !RULES[name].required),
);

const NO_COLUMNS: readonly OptionalColumn[] = Object.freeze([]);

/** So many optional columns are looked for in a nanosecond: at each place the engine knows the name. */
const FAST = 8;
const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '']: readonly string[] =
  OPTIONAL_COLUMNS;

/** Whether a candle, or columns, have anything optional. */
export function hasOptional(columns: Partial<Record<OptionalColumn, unknown>>): boolean {
  const of: Readonly<Record<string, unknown>> = columns;
  return (
    of[a] !== undefined ||
    of[b] !== undefined ||
    of[c] !== undefined ||
    of[d] !== undefined ||
    of[e] !== undefined ||
    of[f] !== undefined ||
    of[g] !== undefined ||
    of[h] !== undefined ||
    (OPTIONAL_COLUMNS.length > FAST && OPTIONAL_COLUMNS.some((name) => of[name] !== undefined))
  );
}

/** The optional columns that at least one of some has, in the order of the table. */
export function optionalColumns(
  ...all: readonly Partial<CandleColumns>[]
): readonly OptionalColumn[] {
  if (!all.some(hasOptional)) return NO_COLUMNS;
  return OPTIONAL_COLUMNS.filter((name) => all.some((columns) => columns[name] !== undefined));
}

/** The columns that candles have, in the order of the table. */
export function columnNames(columns: CandleColumns): readonly CandleColumn[] {
  const optional = optionalColumns(columns);
  return optional.length === 0 ? REQUIRED_COLUMNS : [...REQUIRED_COLUMNS, ...optional];
}

/** A candle as exchanges and ccxt deliver it: without optional columns. */
export type CandleRow = readonly [
  timestamp: EpochMs,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
];

/**
 * What a caller may hand in as candles, in any order: columns, such as a `CandleSeries`; candle objects; or
 * rows `[timestamp, open, high, low, close, volume]`.
 */
export type CandleInput = CandleColumns | readonly (Candle | CandleRow)[];

/** New columns of one length: the required ones filled with zeros, optional ones with NaN. */
export function allocateColumns(
  length: number,
  optional: readonly OptionalColumn[] = NO_COLUMNS,
): CandleColumns {
  const columns: WritableColumns = {
    timestamp: new Float64Array(length),
    open: new Float64Array(length),
    high: new Float64Array(length),
    low: new Float64Array(length),
    close: new Float64Array(length),
    volume: new Float64Array(length),
  };
  for (const name of optional) columns[name] = new Float64Array(length).fill(Number.NaN);
  return columns;
}

/** Some columns, each made by a function. */
export function mapColumns<C extends CandleColumn>(
  names: readonly C[],
  make: (name: C) => Float64Array,
): SomeColumns<C> {
  const columns: Partial<Record<C, Float64Array>> = {};
  for (const name of names) columns[name] = make(name);
  // Every name has its column now, which TypeScript cannot tell.
  return columns as SomeColumns<C>;
}

/** Some columns of candles; NaN throughout where they do not have one. */
export function pickColumns<C extends CandleColumn>(
  columns: CandleColumns,
  names: readonly C[],
): SomeColumns<C> {
  return mapColumns(
    names,
    (name) => columns[name] ?? new Float64Array(columns.timestamp.length).fill(Number.NaN),
  );
}

/** The candles `[start, end)`, as views of the same memory. */
export function sliceColumns(columns: CandleColumns, start?: number, end?: number): CandleColumns {
  const slice: WritableColumns = {
    timestamp: columns.timestamp.subarray(start, end),
    open: columns.open.subarray(start, end),
    high: columns.high.subarray(start, end),
    low: columns.low.subarray(start, end),
    close: columns.close.subarray(start, end),
    volume: columns.volume.subarray(start, end),
  };
  for (const name of optionalColumns(columns)) {
    const column = columns[name]?.subarray(start, end);
    if (column !== undefined) slice[name] = column;
  }
  return slice;
}

/** Copies all of `source` into `target`, from index `offset` on: the columns that `target` has. */
export function copyColumns(source: CandleColumns, target: CandleColumns, offset: number): void {
  target.timestamp.set(source.timestamp, offset);
  target.open.set(source.open, offset);
  target.high.set(source.high, offset);
  target.low.set(source.low, offset);
  target.close.set(source.close, offset);
  target.volume.set(source.volume, offset);
  for (const name of optionalColumns(target)) {
    const column = source[name];
    if (column !== undefined) target[name]?.set(column, offset);
    else target[name]?.fill(Number.NaN, offset, offset + source.timestamp.length);
  }
}

/** Returns a function that copies candle `i` of `source` to index `j` of `target`. */
export function candleCopier(
  source: CandleColumns,
  target: CandleColumns,
): (i: number, j: number) => void {
  const optional = optionalColumns(target);
  return (i, j) => {
    target.timestamp[j] = source.timestamp[i] ?? Number.NaN;
    target.open[j] = source.open[i] ?? Number.NaN;
    target.high[j] = source.high[i] ?? Number.NaN;
    target.low[j] = source.low[i] ?? Number.NaN;
    target.close[j] = source.close[i] ?? Number.NaN;
    target.volume[j] = source.volume[i] ?? Number.NaN;
    for (const name of optional) {
      const column = target[name];
      if (column !== undefined) column[j] = source[name]?.[i] ?? Number.NaN;
    }
  };
}

/**
 * Returns a function that tells whether candle `i` of `a` equals candle `j` of `b` in every column.
 * Stored candles have no −0, and NaN only where an optional value is absent.
 */
export function candleComparison(
  a: CandleColumns,
  b: CandleColumns,
): (i: number, j: number) => boolean {
  const optional = optionalColumns(a, b);
  return (i, j) =>
    a.timestamp[i] === b.timestamp[j] &&
    a.open[i] === b.open[j] &&
    a.high[i] === b.high[j] &&
    a.low[i] === b.low[j] &&
    a.close[i] === b.close[j] &&
    a.volume[i] === b.volume[j] &&
    (optional.length === 0 ||
      optional.every((name) => Object.is(a[name]?.[i] ?? Number.NaN, b[name]?.[j] ?? Number.NaN)));
}

/** The candle at an index, which must be there. */
export function candleAt(
  columns: CandleColumns,
  i: number,
  optional: readonly OptionalColumn[] = hasOptional(columns) ? OPTIONAL_COLUMNS : NO_COLUMNS,
): Candle {
  const candle: { -readonly [C in keyof Candle]: Candle[C] } = {
    timestamp: columns.timestamp[i] ?? Number.NaN,
    open: columns.open[i] ?? Number.NaN,
    high: columns.high[i] ?? Number.NaN,
    low: columns.low[i] ?? Number.NaN,
    close: columns.close[i] ?? Number.NaN,
    volume: columns.volume[i] ?? Number.NaN,
  };
  if (optional.length === 0) return candle;
  for (const name of optional) {
    const value = columns[name]?.[i] ?? Number.NaN;
    if (!Number.isNaN(value)) candle[name] = value;
  }
  return candle;
}

/** Columns under construction. */
export type WritableColumns = { -readonly [C in keyof CandleColumns]: CandleColumns[C] };
