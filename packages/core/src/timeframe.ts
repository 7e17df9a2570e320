import type { EpochMs } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** Second, minute, hour, day, week (Monday 00:00 UTC), calendar month, calendar year. */
export type TimeframeUnit = 's' | 'm' | 'h' | 'd' | 'w' | 'M' | 'y';

/**
 * The length of a candle's period, such as `1m`, `4h` or `1M`. Any `<n><unit>` works; the text is
 * part of the series' key, so `60m` and `1h` are two series.
 */
export type Timeframe = `${number}${TimeframeUnit}`;

/** The timeframes most exchanges offer, shortest first. */
export const COMMON_TIMEFRAMES: readonly Timeframe[] = Object.freeze([
  '1s',
  '1m',
  '3m',
  '5m',
  '10m',
  '15m',
  '30m',
  '1h',
  '4h',
  '1d',
  '1w',
  '1M',
  '1y',
] as const);

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
/** 1970-01-05 was the first Monday of the epoch; epoch arithmetic alone would put weeks on Thursday. */
const FIRST_MONDAY: EpochMs = 4 * UNIT_MS.d;
const LONGEST_MS = 1_000 * 366 * UNIT_MS.d;
const LONGEST_MONTHS = 12_000;

/**
 * The periods of one timeframe: where they start and end. Fixed-length periods count from the
 * epoch (weeks from Monday 1970-01-05), months and years from January 1970 by the calendar.
 *
 * Every method takes any safe integer, before 1970 too; a period that would end beyond the safe
 * integers still does so by the same arithmetic.
 */
export interface TimeframeGrid {
  readonly timeframe: Timeframe;
  readonly count: number;
  readonly unit: TimeframeUnit;
  /** The period's length when all periods are equally long; `undefined` for months and years. */
  readonly fixedMs: number | undefined;
  /** The start of period 0: what fixed-length periods are counted from. */
  readonly origin: EpochMs;
  /** A period's usual length: exact for fixed ones, 30.44 or 365.24 days a month or year. */
  readonly typicalMs: number;
  /** Whether a period starts at this instant. */
  isAligned(at: EpochMs): boolean;
  /** The start of the period that holds this instant. */
  floor(at: EpochMs): EpochMs;
  /** The first period start at or after this instant. */
  ceil(at: EpochMs): EpochMs;
  /** The start of the period `periods` (default 1, may be negative) after the one that holds `at`. */
  shift(at: EpochMs, periods?: number): EpochMs;
  /** The number of the period that holds this instant; consecutive periods differ by one. */
  indexOf(at: EpochMs): number;
  /** The start of the period with this number. */
  startOf(index: number): EpochMs;
}

const grids = new Map<string, TimeframeGrid>();
const MAX_CACHED_GRIDS = 256;

/**
 * The grid of a timeframe.
 * @throws BarkeepError `INVALID_INPUT` when the text is not `<n><unit>`.
 */
export function timeframeGrid(timeframe: Timeframe): TimeframeGrid {
  const known = grids.get(timeframe);
  if (known !== undefined) return known;
  const grid = makeGrid(timeframe);
  if (grids.size >= MAX_CACHED_GRIDS) grids.clear();
  grids.set(timeframe, grid);
  return grid;
}

/** Whether a text is a timeframe: digits without a leading zero, then one of `s m h d w M y`. */
export function isTimeframe(value: unknown): value is Timeframe {
  return timeframeFault(value) === undefined;
}

/** Orders timeframes by the length of their periods, then by their text. */
export function compareTimeframes(a: Timeframe, b: Timeframe): number {
  return timeframeGrid(a).typicalMs - timeframeGrid(b).typicalMs || (a < b ? -1 : a > b ? 1 : 0);
}

function timeframeFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string such as "1m", "4h" or "1d"';
  const match = /^([1-9]\d{0,8})([smhdwMy])$/.exec(value);
  if (match === null) {
    return 'must be a positive whole number followed by s, m, h, d, w, M (month) or y, such as "1m"';
  }
  const count = Number(match[1]);
  const unit = match[2] as TimeframeUnit;
  const tooLong =
    unit === 'M' || unit === 'y'
      ? count * (unit === 'y' ? 12 : 1) > LONGEST_MONTHS
      : count * UNIT_MS[unit] > LONGEST_MS;
  return tooLong ? 'must be at most a thousand years' : undefined;
}

function makeGrid(timeframe: Timeframe): TimeframeGrid {
  const rule = timeframeFault(timeframe);
  if (rule !== undefined) throw invalidInput({ field: 'timeframe', rule, value: timeframe });
  const count = Number.parseInt(timeframe, 10);
  const unit = timeframe.at(-1) as TimeframeUnit;
  if (unit === 'M') return new CalendarGrid(timeframe, count, unit, count);
  if (unit === 'y') return new CalendarGrid(timeframe, count, unit, count * 12);
  return new FixedGrid(timeframe, count, unit, count * UNIT_MS[unit]);
}

class FixedGrid implements TimeframeGrid {
  readonly timeframe: Timeframe;
  readonly count: number;
  readonly unit: TimeframeUnit;
  readonly fixedMs: number;
  readonly typicalMs: number;
  readonly origin: EpochMs;

  constructor(timeframe: Timeframe, count: number, unit: TimeframeUnit, ms: number) {
    this.timeframe = timeframe;
    this.count = count;
    this.unit = unit;
    this.fixedMs = ms;
    this.typicalMs = ms;
    this.origin = unit === 'w' ? FIRST_MONDAY : 0;
  }

  isAligned(at: EpochMs): boolean {
    return (at - this.origin) % this.fixedMs === 0;
  }

  floor(at: EpochMs): EpochMs {
    return this.startOf(this.indexOf(at));
  }

  ceil(at: EpochMs): EpochMs {
    return this.startOf(Math.ceil((at - this.origin) / this.fixedMs));
  }

  shift(at: EpochMs, periods = 1): EpochMs {
    return this.startOf(this.indexOf(at) + periods);
  }

  indexOf(at: EpochMs): number {
    return Math.floor((at - this.origin) / this.fixedMs);
  }

  startOf(index: number): EpochMs {
    return this.origin + index * this.fixedMs;
  }
}

class CalendarGrid implements TimeframeGrid {
  readonly timeframe: Timeframe;
  readonly count: number;
  readonly unit: TimeframeUnit;
  readonly fixedMs: undefined = undefined;
  readonly origin: EpochMs = 0;
  readonly typicalMs: number;
  readonly #months: number;

  constructor(timeframe: Timeframe, count: number, unit: TimeframeUnit, months: number) {
    this.timeframe = timeframe;
    this.count = count;
    this.unit = unit;
    this.#months = months;
    this.typicalMs = (months * 365.2425 * UNIT_MS.d) / 12;
  }

  isAligned(at: EpochMs): boolean {
    return this.floor(at) === at;
  }

  floor(at: EpochMs): EpochMs {
    return this.startOf(this.indexOf(at));
  }

  ceil(at: EpochMs): EpochMs {
    const start = this.floor(at);
    return start === at ? at : this.shift(at, 1);
  }

  shift(at: EpochMs, periods = 1): EpochMs {
    return this.startOf(this.indexOf(at) + periods);
  }

  indexOf(at: EpochMs): number {
    return Math.floor(monthOf(at) / this.#months);
  }

  startOf(index: number): EpochMs {
    return monthStart(index * this.#months);
  }
}

/**
 * The calendar repeats every 400 years. Doing the arithmetic within 1970 to 2369 keeps clear of the
 * ends of `Date` (it gives NaN beyond the year 275760) and of its years 0 to 99 (read as 19xx).
 */
const CYCLE_MS = 146_097 * UNIT_MS.d;
const CYCLE_MONTHS = 400 * 12;

/** The number of the month that holds an instant; January 1970 is 0. */
function monthOf(at: EpochMs): number {
  const cycle = Math.floor(at / CYCLE_MS);
  const date = new Date(at - cycle * CYCLE_MS);
  return cycle * CYCLE_MONTHS + (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function monthStart(month: number): EpochMs {
  const cycle = Math.floor(month / CYCLE_MONTHS);
  return cycle * CYCLE_MS + Date.UTC(1970, month - cycle * CYCLE_MONTHS);
}
