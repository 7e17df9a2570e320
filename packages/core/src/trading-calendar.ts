import type { EpochMs } from './epoch-ms.ts';
import { onlyKnownKeys } from './field-rules.ts';
import { invalidInput } from './invalid-input.ts';
import type { TradingHours, TradingSession } from './trading-hours.ts';
import { ZonedTime } from './zoned-time.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** A market closed for longer than this is assumed never to open again. */
const LONGEST_CLOSE_DAYS = 400;
/** Phases to remember: writes in the last minutes before a close need several. */
const MOST_PHASES = 8;
/** The epoch, 1970-01-01, was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** A session in milliseconds after local midnight. */
interface DaySession {
  readonly opens: number;
  readonly closes: number;
}

/** A time range in which a market is open throughout, or closed throughout. */
interface Phase {
  readonly isOpen: boolean;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * Determines whether a market is open at an instant and when it opens next. Recent results are
 * remembered, so repeated queries around the same time cost a few comparisons.
 */
export class TradingCalendar {
  readonly #zone: ZonedTime;
  readonly #sessions: ReadonlyMap<number, readonly DaySession[]>;
  readonly #closedOn: ReadonlySet<string>;
  /** Most recently used first. */
  #phases: readonly Phase[] = [];

  /** @throws BarkeepError `INVALID_INPUT` naming the part of `hours` that is invalid. */
  constructor(hours: TradingHours) {
    if (hours === null || typeof hours !== 'object') {
      const rule = 'must be { timeZone, sessions, closedOn? }';
      throw invalidInput({ field: 'tradingHours', rule, value: hours });
    }
    onlyKnownKeys(hours, ['timeZone', 'sessions', 'closedOn'], 'tradingHours');
    this.#zone = new ZonedTime(hours.timeZone);
    this.#sessions = sessionsByWeekday(hours.sessions);
    this.#closedOn = new Set(checkedDates(hours.closedOn ?? []));
  }

  /** Whether the market is open at an instant. */
  isOpen(at: EpochMs): boolean {
    return this.#phaseAt(at).isOpen;
  }

  /**
   * When the market is next open: `at` itself if it is open; `Infinity` if it does not open within
   * 400 days.
   */
  nextOpening(at: EpochMs): EpochMs {
    const phase = this.#phaseAt(at);
    return phase.isOpen ? at : phase.to;
  }

  /**
   * The instant at which the market has been open for `durationMs` milliseconds since `at`. Used
   * for TTLs that count trading time only, so that values stored at the close are still valid at
   * the next opening. `Infinity` if more than 400 days ahead.
   */
  afterTrading(at: EpochMs, durationMs: number): EpochMs {
    let now = at;
    for (let left = durationMs; ; ) {
      if (now - at > LONGEST_CLOSE_DAYS * DAY_MS) return Number.POSITIVE_INFINITY;
      const { isOpen, to } = this.#phaseAt(now);
      if (isOpen && to - now > left) return now + left;
      if (to === Number.POSITIVE_INFINITY) return to;
      if (isOpen) left -= to - now;
      now = to;
    }
  }

  /** How long the market is open between two instants, in milliseconds. */
  tradingMs(from: EpochMs, to: EpochMs): number {
    let tradingMs = 0;
    for (let now = from; now < to; ) {
      const phase = this.#phaseAt(now);
      const end = Math.min(phase.to, to);
      if (phase.isOpen) tradingMs += end - now;
      now = end;
    }
    return tradingMs;
  }

  #phaseAt(at: EpochMs): Phase {
    const known = this.#phases.find(({ from, to }) => at >= from && at < to);
    if (known !== undefined) return known;
    const phase = this.#seek(at);
    this.#phases = [phase, ...this.#phases.slice(0, MOST_PHASES - 1)];
    return phase;
  }

  /** The phase that starts at an instant. */
  #seek(at: EpochMs): Phase {
    const today = Math.floor(this.#zone.wallClock(at) / DAY_MS);
    for (let day = today; day <= today + LONGEST_CLOSE_DAYS; day += 1) {
      for (const { opens, closes } of this.#sessionsOf(day)) {
        const from = this.#zone.instantOf(day * DAY_MS + opens);
        const to = this.#zone.instantOf(day * DAY_MS + closes);
        if (to <= at) continue;
        return from <= at ? { isOpen: true, from: at, to } : { isOpen: false, from: at, to: from };
      }
    }
    return { isOpen: false, from: at, to: Number.POSITIVE_INFINITY };
  }

  /** Sorted by opening time. Days count from the epoch. */
  #sessionsOf(day: number): readonly DaySession[] {
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    if (this.#closedOn.has(date)) return [];
    return this.#sessions.get(((day + EPOCH_WEEKDAY - 1) % 7) + 1) ?? [];
  }
}

function sessionsByWeekday(sessions: readonly TradingSession[]): Map<number, DaySession[]> {
  if (!Array.isArray(sessions) || sessions.length === 0) {
    const rule = 'must be a list of at least one session';
    throw invalidInput({ field: 'tradingHours.sessions', rule, value: sessions });
  }
  const byWeekday = new Map<number, DaySession[]>();
  for (const [index, session] of sessions.entries()) {
    const checked = checkedSession(session, index);
    for (const weekday of session.days) {
      const list = byWeekday.get(weekday) ?? [];
      byWeekday.set(weekday, [...list, checked]);
    }
  }
  for (const list of byWeekday.values()) list.sort((a, b) => a.opens - b.opens);
  return byWeekday;
}

function checkedSession(session: TradingSession, index: number): DaySession {
  const field = 'tradingHours.sessions';
  const fault = (rule: string, value: unknown): Error =>
    invalidInput({ field, rule, value, index });
  if (session === null || typeof session !== 'object') {
    throw fault('must be { days, opens, closes }', session);
  }
  const { days, opens, closes } = session;
  if (!Array.isArray(days) || !days.every(isWeekday)) {
    throw fault('must have days from 1 (Monday) to 7 (Sunday)', days);
  }
  const from = millisecondsOf(opens);
  const to = millisecondsOf(closes);
  if (from === undefined) throw fault('must open at a time such as "09:00"', opens);
  if (to === undefined) throw fault('must close at a time such as "15:30" or "24:00"', closes);
  if (from >= to) throw fault('must close later than it opens', closes);
  return { opens: from, closes: to };
}

function isWeekday(day: unknown): boolean {
  return Number.isInteger(day) && Number(day) >= 1 && Number(day) <= 7;
}

function millisecondsOf(time: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const total = Number(hours) * 60 + Number(minutes);
  return total <= 1_440 ? total * MINUTE_MS : undefined;
}

function checkedDates(dates: readonly string[]): readonly string[] {
  const isDate = (date: unknown): boolean =>
    typeof date === 'string' &&
    /^\d{4}-\d\d-\d\d$/.test(date) &&
    !Number.isNaN(Date.parse(date)) &&
    new Date(date).toISOString().startsWith(date);
  const index = Array.isArray(dates) ? dates.findIndex((date) => !isDate(date)) : 0;
  if (Array.isArray(dates) && index === -1) return dates;
  const rule = 'must be a list of dates such as "2026-12-25"';
  throw invalidInput({ field: 'tradingHours.closedOn', rule, value: dates, index });
}
