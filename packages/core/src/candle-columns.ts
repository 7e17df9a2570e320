import type { EpochMs } from './epoch-ms.ts';

/** The rules of one column. */
export interface CandleColumnRules {
  /**
   * Whether every candle has a value. An optional column that no candle of a series uses takes no
   * space.
   */
  readonly required: boolean;
  /**
   * The values allowed: `time` is the start of a period in epoch milliseconds, `price` any finite
   * number, `amount` a finite number of at least 0, `count` a whole number of at least 0. −0 is
   * never allowed.
   */
  readonly values: 'time' | 'price' | 'amount' | 'count';
  /**
   * How candles of a shorter timeframe are combined into one of a longer timeframe. `mean` is
   * weighted by volume. An optional column is combined only if every part has a value, except
   * `last`, which takes the latest value there is.
   */
  readonly merge: 'first' | 'max' | 'min' | 'last' | 'sum' | 'mean';
}

/**
 * The columns of a candle, in display order. Column names and types are all derived from this
 * table. To add a column, append an optional one and give it an id in `@barkeep/segment-codec`; the
 * type checker reports any place you miss.
 */
export const CANDLE_COLUMNS = {
  /** Start of the period (open time), aligned to the timeframe. */
  timestamp: { required: true, values: 'time', merge: 'first' },
  open: { required: true, values: 'price', merge: 'first' },
  /** At least `open`, `low` and `close`. */
  high: { required: true, values: 'price', merge: 'max' },
  /** At most `open`, `high` and `close`. */
  low: { required: true, values: 'price', merge: 'min' },
  close: { required: true, values: 'price', merge: 'last' },
  /** Amount traded, in the base currency. */
  volume: { required: true, values: 'amount', merge: 'sum' },
  /** Amount traded, in the quote currency. */
  quoteVolume: { required: false, values: 'amount', merge: 'sum' },
  /** Number of trades. */
  tradeCount: { required: false, values: 'count', merge: 'sum' },
  /** Part of `volume` in which the buyer was the taker. */
  takerBuyVolume: { required: false, values: 'amount', merge: 'sum' },
  /** Volume-weighted average price. */
  vwap: { required: false, values: 'price', merge: 'mean' },
  /** Open interest at the end of the period, in contracts. */
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

/**
 * The prices and volumes of one period of a timeframe (OHLCV). Leave out optional values you do not
 * know.
 */
export interface Candle extends RequiredValues<number>, OptionalValues<number> {}

/**
 * Candles as a struct of arrays: one `Float64Array` per column, all of the same length. NaN marks a
 * candle without an optional value. A column in which every value would be NaN may be left out.
 */
export interface CandleColumns extends RequiredValues<Float64Array>, OptionalValues<Float64Array> {}

/** The name of a column. */
export type CandleColumn = keyof Table;
/** The name of a column in which every candle has a value. */
export type RequiredColumn = keyof RequiredValues<unknown>;
/** The name of a column in which candles may have no value. */
export type OptionalColumn = keyof OptionalValues<unknown>;

/** A selection of columns, by name. */
export type SomeColumns<C extends CandleColumn> = { readonly [K in C]: Float64Array };

/** All column names, in the order of `CANDLE_COLUMNS`. */
export const COLUMN_NAMES: readonly CandleColumn[] = Object.freeze(
  // TypeScript gives the keys of an object as strings.
  Object.keys(CANDLE_COLUMNS) as CandleColumn[],
);
const RULES: Readonly<Record<CandleColumn, CandleColumnRules>> = CANDLE_COLUMNS;
/** The names of the required columns, in the order of `CANDLE_COLUMNS`. */
export const REQUIRED_COLUMNS: readonly RequiredColumn[] = Object.freeze(
  COLUMN_NAMES.filter((name): name is RequiredColumn => RULES[name].required),
);
/** The names of the optional columns, in the order of `CANDLE_COLUMNS`. */
export const OPTIONAL_COLUMNS: readonly OptionalColumn[] = Object.freeze(
  COLUMN_NAMES.filter((name): name is OptionalColumn => !RULES[name].required),
);

const NO_COLUMNS: readonly OptionalColumn[] = Object.freeze([]);

/** The first 8 optional columns are checked by name, which takes about a nanosecond. */
const FAST = 8;
const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '']: readonly string[] =
  OPTIONAL_COLUMNS;

/** Whether a candle or a set of columns has any optional value or column. */
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

/** The optional columns that at least one argument has, in the order of `CANDLE_COLUMNS`. */
export function optionalColumns(
  ...all: readonly Partial<CandleColumns>[]
): readonly OptionalColumn[] {
  if (!all.some(hasOptional)) return NO_COLUMNS;
  return OPTIONAL_COLUMNS.filter((name) => all.some((columns) => columns[name] !== undefined));
}

/** The names of the columns present, in the order of `CANDLE_COLUMNS`. */
export function columnNames(columns: CandleColumns): readonly CandleColumn[] {
  const optional = optionalColumns(columns);
  return optional.length === 0 ? REQUIRED_COLUMNS : [...REQUIRED_COLUMNS, ...optional];
}

/** A candle in the array form that exchanges and ccxt return. Has no optional columns. */
export type CandleRow = readonly [
  timestamp: EpochMs,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
];

/**
 * Candles in any order, in one of three forms: columns (such as a `CandleSeries`), candle objects,
 * or rows `[timestamp, open, high, low, close, volume]`.
 */
export type CandleInput = CandleColumns | readonly (Candle | CandleRow)[];

/**
 * Allocates columns of the given length. Required columns are filled with 0, optional ones with
 * NaN.
 */
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

/** Creates one column per name. */
export function mapColumns<C extends CandleColumn>(
  names: readonly C[],
  make: (name: C) => Float64Array,
): SomeColumns<C> {
  const columns: Partial<Record<C, Float64Array>> = {};
  for (const name of names) columns[name] = make(name);
  // Every name has its column now, which TypeScript cannot tell.
  return columns as SomeColumns<C>;
}

/** Selects columns by name. A column that the candles do not have is filled with NaN. */
export function pickColumns<C extends CandleColumn>(
  columns: CandleColumns,
  names: readonly C[],
): SomeColumns<C> {
  return mapColumns(
    names,
    (name) => columns[name] ?? new Float64Array(columns.timestamp.length).fill(Number.NaN),
  );
}

/** The candles `[start, end)` by index, as views of the same memory. */
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

/**
 * Copies all of `source` into `target` from index `offset` on, for the columns that `target` has.
 */
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
 * Returns a function that compares candle `i` of `a` with candle `j` of `b` in every column.
 * Expects stored candles: no −0, and NaN only for a missing optional value.
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

/** Returns the candle at an index. The index must be in range. */
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
