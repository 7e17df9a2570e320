import type { EpochMs } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** Second, minute, hour, day, week (Monday 00:00 UTC), calendar month, calendar year. */
export type TimeframeUnit = 's' | 'm' | 'h' | 'd' | 'w' | 'M' | 'y';

/** The units of an origin. */
export type TimeframeOriginUnit = 's' | 'm' | 'h' | 'd';

/**
 * The length of a candle's period, such as `1m`, `4h` or `1M`. Any `<n><unit>` is valid. The string
 * is part of the series key, so `60m` and `1h` are two series.
 *
 * For markets whose periods are not aligned to UTC, append an origin: the offset of each period
 * from the UTC grid. `1h@30m` are hours from half past, `1d@15h` days from 15:00 UTC, `1w@3d` weeks
 * from Thursday, `1w@159h` weeks from Sunday 15:00 UTC. Months and years may also start less than a
 * day early: `1M@-9h` are the months of Seoul.
 *
 * Each origin has one valid spelling: shorter than the period, in the largest unit that gives a
 * whole number (`15h`, not `900m`; `330m` for 5 h 30 min).
 */
export type Timeframe =
  | `${number}${TimeframeUnit}`
  | `${number}${TimeframeUnit}@${number}${TimeframeOriginUnit}`;

/** The parts of a timeframe string. */
export interface TimeframeParts {
  readonly count: number;
  readonly unit: TimeframeUnit;
  /**
   * Offset of each period from the UTC grid in milliseconds: 0 without an origin, negative for
   * `1M@-9h`.
   */
  readonly originMs: number;
}

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
/** 1970-01-05 was the first Monday after the epoch. The epoch itself was a Thursday. */
const FIRST_MONDAY: EpochMs = 4 * UNIT_MS.d;
const LONGEST_MS = 1_000 * 366 * UNIT_MS.d;
const LONGEST_MONTHS = 12_000;

/** An origin must be shorter than the shortest month or year. */
const SHORTEST_CALENDAR_MS = { M: 28 * UNIT_MS.d, y: 365 * UNIT_MS.d } as const;
const ORIGIN_UNITS = ['d', 'h', 'm', 's'] as const satisfies readonly TimeframeOriginUnit[];

/**
 * The periods of one timeframe: where they start and end. Fixed-length periods are counted from the
 * epoch (weeks from Monday 1970-01-05), months and years from January 1970; the timeframe's origin
 * is added.
 *
 * Methods accept any safe integer, also before 1970. A period that would start or end outside the
 * safe integers follows the same arithmetic.
 */
export interface TimeframeGrid extends TimeframeParts {
  readonly timeframe: Timeframe;
  /** Length of a period in milliseconds; `undefined` for months and years, which vary. */
  readonly fixedMs: number | undefined;
  /** Start of period 0, including the timeframe's origin. */
  readonly origin: EpochMs;
  /**
   * Typical length of a period in milliseconds: exact if fixed, 30.44 days per month, 365.24 per
   * year.
   */
  readonly typicalMs: number;
  /** Whether a period starts at this instant. */
  isAligned(at: EpochMs): boolean;
  /** The start of the period that contains this instant. */
  floor(at: EpochMs): EpochMs;
  /** The first period start at or after this instant. */
  ceil(at: EpochMs): EpochMs;
  /**
   * The start of the period that lies `periods` after the one containing `at`. Default: 1; may be
   * negative.
   */
  shift(at: EpochMs, periods?: number): EpochMs;
  /** The number of the period that contains this instant. Consecutive periods differ by 1. */
  indexOf(at: EpochMs): number;
  /** The start of the period with this number. */
  startOf(index: number): EpochMs;
}

const grids = new Map<string, TimeframeGrid>();
const MAX_CACHED_GRIDS = 256;

/**
 * Returns the grid of a timeframe. Cached, so repeated calls are cheap.
 * @throws BarkeepError `INVALID_INPUT` if the string is not a timeframe, or not its one valid
 * spelling.
 *
 * @example
 * const grid = timeframeGrid('1h');
 * const now = Date.UTC(2026, 0, 1, 9, 42);
 * grid.floor(now); // 09:00, start of the current candle
 * grid.shift(now); // 10:00, start of the next one
 * grid.shift(now, -24); // 09:00 of the day before
 */
export function timeframeGrid(timeframe: Timeframe): TimeframeGrid {
  const known = grids.get(timeframe);
  if (known !== undefined) return known;
  const grid = makeGrid(timeframe);
  if (grids.size >= MAX_CACHED_GRIDS) grids.clear();
  grids.set(timeframe, grid);
  return grid;
}

/** Whether a value is a timeframe in its one valid spelling. */
export function isTimeframe(value: unknown): value is Timeframe {
  return timeframeFault(value) === undefined;
}

/** Returns the rule a timeframe breaks, or `undefined` if it is valid. */
export function timeframeFault(value: unknown): string | undefined {
  const parts = parse(value);
  return typeof parts === 'string' ? parts : undefined;
}

/**
 * Parses a timeframe string.
 * @throws BarkeepError `INVALID_INPUT` if the string is not a timeframe, or not its one valid
 * spelling.
 */
export function timeframeParts(timeframe: Timeframe): TimeframeParts {
  const parts = parse(timeframe);
  if (typeof parts !== 'string') return parts;
  throw invalidInput({ field: 'timeframe', rule: parts, value: timeframe });
}

/**
 * Formats a timeframe.
 * @throws BarkeepError `INVALID_INPUT` unless the parts are valid: a positive whole number, a unit,
 * and an origin of whole seconds shorter than the period.
 */
export function timeframeOf(parts: TimeframeParts): Timeframe {
  const timeframe = textOf(parts);
  timeframeParts(timeframe);
  return timeframe;
}

/** Sorts timeframes by the length of their periods, then by their string. */
export function compareTimeframes(a: Timeframe, b: Timeframe): number {
  return timeframeGrid(a).typicalMs - timeframeGrid(b).typicalMs || (a < b ? -1 : a > b ? 1 : 0);
}

const TEXT = /^([1-9]\d{0,8})([smhdwMy])(?:@(-?\d{1,9})([smhdw]))?$/;

/** The parts of a timeframe, or the rule in words that the value breaks. */
function parse(value: unknown): TimeframeParts | string {
  if (typeof value !== 'string') return 'must be a string such as "1m", "4h" or "1d"';
  const match = TEXT.exec(value);
  if (match === null) {
    return (
      'must be a positive whole number followed by s, m, h, d, w, M (month) or y, such as "1m", ' +
      'and by an origin, if its periods begin elsewhere, such as "1d@15h"'
    );
  }
  const count = Number(match[1]);
  const unit = match[2] as TimeframeUnit;
  const originMs =
    Number(match[3] ?? 0) * UNIT_MS[(match[4] ?? 's') as 's' | 'm' | 'h' | 'd' | 'w'];
  if (Math.abs(originMs) > LONGEST_MS) return 'must have an origin shorter than its periods';
  if (unit === 'M' || unit === 'y') {
    if (count * (unit === 'y' ? 12 : 1) > LONGEST_MONTHS) return TOO_LONG;
    if (originMs >= count * SHORTEST_CALENDAR_MS[unit] || originMs <= -UNIT_MS.d) {
      return (
        'must have an origin shorter than each of its periods (28 days a month, 365 days a year), ' +
        'or of less than a day before the calendar'
      );
    }
    return spelled(value, { count, unit, originMs });
  }
  const ms = count * UNIT_MS[unit];
  if (ms > LONGEST_MS) return TOO_LONG;
  return spelled(value, { count, unit, originMs: ((originMs % ms) + ms) % ms });
}

const TOO_LONG = 'must be at most a thousand years';

/** Allows only one spelling per grid, since the string is part of the series key. */
function spelled(text: string, parts: TimeframeParts): TimeframeParts | string {
  const spelling = textOf(parts);
  return spelling === text ? parts : `must be written "${spelling}"`;
}

function textOf({ count, unit, originMs }: TimeframeParts): Timeframe {
  if (originMs === 0) return `${count}${unit}`;
  const largest = ORIGIN_UNITS.find((it) => originMs % UNIT_MS[it] === 0) ?? 's';
  return `${count}${unit}@${originMs / UNIT_MS[largest]}${largest}`;
}

function makeGrid(timeframe: Timeframe): TimeframeGrid {
  const parts = timeframeParts(timeframe);
  const { count, unit } = parts;
  if (unit === 'M') return new CalendarGrid(timeframe, parts, count);
  if (unit === 'y') return new CalendarGrid(timeframe, parts, count * 12);
  return new FixedGrid(timeframe, parts, count * UNIT_MS[unit]);
}

class FixedGrid implements TimeframeGrid {
  readonly timeframe: Timeframe;
  readonly count: number;
  readonly unit: TimeframeUnit;
  readonly originMs: number;
  readonly fixedMs: number;
  readonly typicalMs: number;
  readonly origin: EpochMs;

  constructor(timeframe: Timeframe, { count, unit, originMs }: TimeframeParts, ms: number) {
    this.timeframe = timeframe;
    this.count = count;
    this.unit = unit;
    this.originMs = originMs;
    this.fixedMs = ms;
    this.typicalMs = ms;
    this.origin = (unit === 'w' ? FIRST_MONDAY : 0) + originMs;
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
  readonly originMs: number;
  readonly fixedMs: undefined = undefined;
  readonly origin: EpochMs;
  readonly typicalMs: number;
  readonly #months: number;

  constructor(timeframe: Timeframe, { count, unit, originMs }: TimeframeParts, months: number) {
    this.timeframe = timeframe;
    this.count = count;
    this.unit = unit;
    this.originMs = originMs;
    this.origin = originMs;
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
    return start === at ? start : this.shift(at, 1);
  }

  shift(at: EpochMs, periods = 1): EpochMs {
    return this.startOf(this.indexOf(at) + periods);
  }

  indexOf(at: EpochMs): number {
    return Math.floor(monthOf(at - this.originMs) / this.#months);
  }

  startOf(index: number): EpochMs {
    return monthStart(index * this.#months) + this.originMs;
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
