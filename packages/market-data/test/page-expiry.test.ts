import { ManualClock, monotonicTime, TradingCalendar } from '@barkeep/core';
import { describe, expect, it } from 'vitest';
import { PageExpiry } from '../src/pages/page-expiry.ts';
import { LiveStreams } from '../src/series/live-streams.ts';
import { SeriesDirectory } from '../src/series/series-directory.ts';
import { KEY, MINUTE } from './fixtures.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const options = { settledPageTtlMs: DAY, oldPageTtlMs: 30 * DAY, unsettledPageTtlMs: MINUTE };
const now = Date.UTC(2026, 8, 25, 6, 29, 30);

/** A page of an hour of minutes that ended so long ago. */
function pageEnded(ago: number, isSettled: boolean) {
  const time = monotonicTime(new ManualClock(now));
  const directory = new SeriesDirectory(60, new LiveStreams(), () => [], time);
  const series = directory.of(KEY);
  const page = series.geometry.pageOf(now - ago - 1);
  return { request: { series, page, isSettled }, end: series.geometry.stretchOf(page).to };
}

describe('the expiry of a page', () => {
  it.each([
    ['of today', HOUR, DAY],
    ['of last week', 7 * DAY, 7 * DAY],
    ['of last year', 365 * DAY, 30 * DAY],
  ])('%s that is final is as far away as it is old, within bounds', (_, ago, expected) => {
    const { request, end } = pageEnded(ago, true);
    const expiresAt = new PageExpiry({ ...options, calendar: undefined }).expiresAt(request, now);
    const age = now - end;
    expect(expiresAt - now).toBe(Math.max(DAY, Math.min(age, 30 * DAY)));
    expect(Math.abs(expiresAt - now - expected)).toBeLessThanOrEqual(HOUR);
  });

  it('that may still change is near', () => {
    const { request } = pageEnded(0, false);
    const expiry = new PageExpiry({ ...options, calendar: undefined });
    expect(expiry.expiresAt(request, now)).toBe(now + MINUTE);
  });

  it('that may still change waits for the market to open', () => {
    const calendar = new TradingCalendar({
      timeZone: 'Asia/Seoul',
      sessions: [{ days: [1, 2, 3, 4, 5], opens: '09:00', closes: '15:30' }],
    });
    const clock = new ManualClock(now);
    const { request } = pageEnded(0, false);
    const expiry = new PageExpiry({ ...options, settledPageTtlMs: 7 * DAY, calendar });
    // Friday, half a minute before the close: the other half is on Monday.
    const monday = Date.UTC(2026, 8, 28, 0, 0, 30);
    expect(expiry.expiresAt(request, clock.now())).toBe(monday);
    const bounded = new PageExpiry({ ...options, calendar });
    expect(bounded.expiresAt(request, clock.now())).toBe(now + DAY);
  });
});
