import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TradingCalendar, type TradingHours } from '../src/index.ts';
import { faultOf } from './thrown.ts';

const seoul: TradingHours = {
  timeZone: 'Asia/Seoul',
  sessions: [{ days: [1, 2, 3, 4, 5], opens: '09:00', closes: '15:30' }],
  closedOn: ['2026-12-25'],
};
const newYork: TradingHours = {
  timeZone: 'America/New_York',
  sessions: [{ days: [1, 2, 3, 4, 5], opens: '09:30', closes: '16:00' }],
};

describe('TradingCalendar', () => {
  it.each([
    // Friday, 25 September 2026, Seoul is nine hours ahead.
    ['2026-09-24T23:59:59.999Z', false],
    ['2026-09-25T00:00:00Z', true],
    ['2026-09-25T06:29:59.999Z', true],
    ['2026-09-25T06:30:00Z', false],
    ['2026-09-26T02:00:00Z', false],
    ['2026-12-25T02:00:00Z', false],
  ])('knows whether Seoul trades at %s: %s', (at, isOpen) => {
    expect(new TradingCalendar(seoul).isOpen(Date.parse(at))).toBe(isOpen);
  });

  it.each([
    ['a night', '2026-09-24T10:00:00Z', '2026-09-25T00:00:00Z'],
    ['a weekend', '2026-09-25T06:30:00Z', '2026-09-28T00:00:00Z'],
    ['a holiday and a weekend', '2026-12-24T06:30:00Z', '2026-12-28T00:00:00Z'],
    ['no time', '2026-09-25T03:00:00Z', '2026-09-25T03:00:00Z'],
  ])('opens again after %s', (_, at, opening) => {
    expect(new TradingCalendar(seoul).nextOpening(Date.parse(at))).toBe(Date.parse(opening));
  });

  it('follows the clocks of the market when they change', () => {
    const calendar = new TradingCalendar(newYork);
    // Daylight saving time ends on 1 November 2026: the same opening is an hour later in UTC.
    expect(calendar.nextOpening(Date.parse('2026-10-30T01:00Z'))).toBe(
      Date.parse('2026-10-30T13:30Z'),
    );
    expect(calendar.nextOpening(Date.parse('2026-10-30T22:00Z'))).toBe(
      Date.parse('2026-11-02T14:30Z'),
    );
  });

  it('measures trading time as it lets it pass', () => {
    const week = Date.parse('2026-12-21T00:00:00Z');
    const instant = fc.integer({ min: week, max: week + 14 * 86_400_000 });
    const calendar = new TradingCalendar(seoul);
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 100_000_000 }), (at, durationMs) => {
        const end = calendar.afterTrading(at, durationMs);
        expect(calendar.tradingMs(at, end)).toBe(durationMs);
        expect(calendar.tradingMs(end, at)).toBe(0);
      }),
    );
  });

  it('trades all along where sessions touch', () => {
    const always = new TradingCalendar({
      timeZone: 'UTC',
      sessions: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (at) => {
        expect(always.isOpen(at)).toBe(true);
        expect(always.nextOpening(at)).toBe(at);
      }),
    );
  });

  it('counts trading time only', () => {
    const calendar = new TradingCalendar(seoul);
    const minute = 60_000;
    // A minute before Friday's close, and four minutes after Monday's opening.
    const friday = Date.parse('2026-09-25T06:29:00Z');
    expect(calendar.afterTrading(friday, 5 * minute)).toBe(Date.parse('2026-09-28T00:04:00Z'));
    expect(calendar.afterTrading(friday, minute / 2)).toBe(friday + minute / 2);
    expect(calendar.afterTrading(friday, minute)).toBe(Date.parse('2026-09-28T00:00:00Z'));
  });

  it.each([Number.POSITIVE_INFINITY, 1e300, 400 * 86_400_000])(
    'finds the end of %s ms of trading: never',
    (durationMs) => {
      const at = Date.parse('2026-09-25T06:29:00Z');
      expect(new TradingCalendar(seoul).afterTrading(at, durationMs)).toBe(Infinity);
    },
  );

  it('answers as it did after the clock was set back', () => {
    const calendar = new TradingCalendar(seoul);
    const instants = fc.integer({ min: Date.UTC(2026, 8, 1), max: Date.UTC(2026, 9, 1) });
    fc.assert(
      fc.property(instants, (at) => {
        const expected = new TradingCalendar(seoul).afterTrading(at, 300_000);
        expect(calendar.afterTrading(at, 300_000)).toBe(expected);
      }),
    );
  });

  it('adds up: two stretches of trading are one', () => {
    const instants = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
    const durations = fc.integer({ min: 0, max: 2e8 });
    fc.assert(
      fc.property(instants, durations, durations, (at, first, second) => {
        const calendar = new TradingCalendar(newYork);
        const after = calendar.afterTrading(at, first);
        expect(calendar.afterTrading(after, second)).toBe(
          calendar.afterTrading(at, first + second),
        );
      }),
    );
  });

  it('never opens where every session falls on closed days', () => {
    const days = Array.from({ length: 500 }, (_, i) =>
      new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10),
    );
    const calendar = new TradingCalendar({ ...seoul, closedOn: days });
    expect(calendar.nextOpening(Date.UTC(2026, 0, 2))).toBe(Number.POSITIVE_INFINITY);
    expect(calendar.afterTrading(Date.UTC(2026, 0, 2), 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is closed right up to the next opening, whatever was asked before', () => {
    const instants = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
    const asked = new TradingCalendar(newYork);
    fc.assert(
      fc.property(instants, (at) => {
        const calendar = new TradingCalendar(newYork);
        const opening = calendar.nextOpening(at);
        expect(asked.nextOpening(at)).toBe(opening);
        expect(calendar.isOpen(opening)).toBe(true);
        if (opening === at) return;
        expect(calendar.isOpen(at)).toBe(false);
        expect(calendar.isOpen(opening - 1)).toBe(false);
        expect(new Date(opening).toISOString()).toMatch(/T1[34]:30:00.000Z$/);
      }),
    );
  });

  it.each([
    ['timeZone', { ...seoul, timeZone: 'Mars/Olympus' }],
    ['tradingHours.sessions', { ...seoul, sessions: [] }],
    ['tradingHours.sessions', { ...seoul, sessions: [{ days: [0], opens: '1', closes: '2' }] }],
    [
      'tradingHours.sessions',
      { ...seoul, sessions: [{ days: [1], opens: '9:00', closes: '15:30' }] },
    ],
    [
      'tradingHours.sessions',
      { ...seoul, sessions: [{ days: [1], opens: '09:00', closes: '24:30' }] },
    ],
    [
      'tradingHours.sessions',
      { ...seoul, sessions: [{ days: [1], opens: '22:00', closes: '05:00' }] },
    ],
    ['tradingHours.closedOn', { ...seoul, closedOn: ['2026-02-30'] }],
    ['tradingHours', { ...seoul, holidays: [] }],
  ])('refuses hours that break a rule: %s', (field, hours) => {
    expect(faultOf(() => new TradingCalendar(hours))).toMatchObject({ field });
  });
});
