import type { EpochMs } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

/** Second, minute, hour, day, week (Monday 00:00 UTC), calendar month, calendar year. */
export type TimeframeUnit = 's' | 'm' | 'h' | 'd' | 'w' | 'M' | 'y';

/** The units an origin is written in. */
export type TimeframeOriginUnit = 's' | 'm' | 'h' | 'd';

/**
 * The length of a candle's period, such as `1m`, `4h` or `1M`. Any `<n><unit>` works; the text is
 * part of the series' key, so `60m` and `1h` are two series.
 *
 * For markets whose periods begin elsewhere than on the UTC grid, an origin follows: how far after
 * that grid each period begins. `1h@30m` are hours from half past, `1d@15h` days from 15:00 UTC,
 * `1w@3d` weeks from Thursday, `1w@159h` weeks from Sunday 15:00. Months and years may begin less
 * than a day early as well: `1M@-9h` are the months of Seoul.
 *
 * An origin has one spelling: shorter than the period, and a whole number of its largest unit
 * (`15h`, not `900m`; 5 h 30 min is `330m`).
 */
export type Timeframe =
  | `${number}${TimeframeUnit}`
  | `${number}${TimeframeUnit}@${number}${TimeframeOriginUnit}`;

/** What the text of a timeframe says. */
export interface TimeframeParts {
  readonly count: number;
  readonly unit: TimeframeUnit;
  /** How far after the UTC grid each period begins: 0 without an origin, negative for `1M@-9h`. */
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
/** 1970-01-05 was the first Monday of the epoch; epoch arithmetic alone would put weeks on Thursday. */
const FIRST_MONDAY: EpochMs = 4 * UNIT_MS.d;
const LONGEST_MS = 1_000 * 366 * UNIT_MS.d;
const LONGEST_MONTHS = 12_000;

/** The origin of a month has to be shorter than the shortest one, that of a year likewise. */
const SHORTEST_CALENDAR_MS = { M: 28 * UNIT_MS.d, y: 365 * UNIT_MS.d } as const;
const ORIGIN_UNITS = ['d', 'h', 'm', 's'] as const satisfies readonly TimeframeOriginUnit[];

/**
 * The periods of one timeframe: where they start and end. Fixed-length periods count from the
 * epoch (weeks from Monday 1970-01-05), months and years from January 1970 by the calendar; the
 * timeframe's own origin comes on top.
 *
 * Every method takes any safe integer, before 1970 too; a period that would start or end beyond
 * the safe integers still does so by the same arithmetic.
 */
export interface TimeframeGrid extends TimeframeParts {
  readonly timeframe: Timeframe;
  /** The period's length when all periods are equally long; `undefined` for months and years. */
  readonly fixedMs: number | undefined;
  /** The start of period 0, the timeframe's own origin included: where periods are counted from. */
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
 * @throws BarkeepError `INVALID_INPUT` when the text is no timeframe, or another spelling of one.
 */
export function timeframeGrid(timeframe: Timeframe): TimeframeGrid {
  const known = grids.get(timeframe);
  if (known !== undefined) return known;
  const grid = makeGrid(timeframe);
  if (grids.size >= MAX_CACHED_GRIDS) grids.clear();
  grids.set(timeframe, grid);
  return grid;
}

/** Whether a text is a timeframe, in the one spelling its origin has. */
export function isTimeframe(value: unknown): value is Timeframe {
  return timeframeFault(value) === undefined;
}

/** The rule a timeframe broke, in words; `undefined` when it broke none. */
export function timeframeFault(value: unknown): string | undefined {
  const parts = parse(value);
  return typeof parts === 'string' ? parts : undefined;
}

/**
 * What the text of a timeframe says.
 * @throws BarkeepError `INVALID_INPUT` when the text is no timeframe, or another spelling of one.
 */
export function timeframeParts(timeframe: Timeframe): TimeframeParts {
  const parts = parse(timeframe);
  if (typeof parts !== 'string') return parts;
  throw invalidInput({ field: 'timeframe', rule: parts, value: timeframe });
}

/**
 * The text of a timeframe.
 * @throws BarkeepError `INVALID_INPUT` unless the parts are those of a timeframe: a positive whole
 * number, a unit, and an origin of whole seconds shorter than the period.
 */
export function timeframeOf(parts: TimeframeParts): Timeframe {
  const timeframe = textOf(parts);
  timeframeParts(timeframe);
  return timeframe;
}

/** Orders timeframes by the length of their periods, then by their text. */
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

/** A grid has one text, since the text is part of the series' key. */
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
