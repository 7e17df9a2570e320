import {
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsContain,
  normalizeIntervals,
  subtractIntervals,
} from '@barkeep/core';
import { coverageWithin } from '@barkeep/storage';
import type { CandleAnswer, CandleOrigins } from '../contract/candle-answer.ts';
import type { FetchOutcome } from '../fetching/fetch-outcome.ts';
import { historyStartOf } from '../series/history-start.ts';
import { NO_FLOOR } from '../series/series-floors.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import type { StoredCandles } from './candle-reader.ts';
import { coveredBy } from './covered-by.ts';

/**
 * Puts together what was read and what was fetched, as of an instant.
 * @param asked What was to be fetched, whatever came of it.
 */
export function composeAnswer(
  stored: StoredCandles,
  outcomes: readonly FetchOutcome[],
  asked: IntervalSet,
  now: EpochMs,
  closeGraceMs: number,
): CandleAnswer {
  const { wanted } = stored;
  const unsettled = unsettledStretch(wanted.series, now, closeGraceMs);
  const range = answeredRange(stored, asked, unsettled.to);
  const historyStart = historyStartOf(wanted.series, stored.snapshot.extent, now);
  const { entries } = stored.snapshot;
  return Object.freeze({
    series: stored.candles,
    range: range && Object.freeze(range),
    missing: frozen(range ? missingFrom(range, stored, unsettled.from, historyStart) : []),
    coverage: frozen(range ? coverageWithin(entries, range.from, range.to) : []),
    failures: frozen(outcomes.flatMap(({ failure, refused }) => refused ?? failure ?? [])),
    lastMayChange: lastMayChange(stored, range?.to ?? wanted.range.from),
    origins: Object.freeze(originsOf(stored, outcomes)),
    historyStart,
    retainedFrom: stored.floor === NO_FLOOR ? undefined : stored.floor,
  });
}

/** One answer may go to many callers. */
function frozen<Part extends object>(parts: Part[]): readonly Part[] {
  for (const part of parts) Object.freeze(part);
  return Object.freeze(parts);
}

function answeredRange(
  { wanted, candles, snapshot, floor }: StoredCandles,
  [farthest]: IntervalSet,
  currentEnd: EpochMs,
): Interval | undefined {
  const { series, limit, take, range, hasFrom, hasTo } = wanted;
  if (limit === 0) return undefined;
  const isCut = candles.length >= limit;
  const first = candles.length > 0 ? candles.firstTimestamp : undefined;
  const start = hasFrom ? range.from : earlier(snapshot.start ?? first, farthest?.from);
  const end = hasTo ? range.to : Math.max(currentEnd, snapshot.extent?.to ?? currentEnd);
  const begin = isCut && take === 'last' ? candles.firstTimestamp : start;
  const from = begin === undefined ? undefined : Math.max(begin, floor);
  const to = isCut && take === 'first' ? series.grid.shift(candles.lastTimestamp) : end;
  return from === undefined || from >= to ? undefined : { from, to };
}

function earlier(a: EpochMs | undefined, b: EpochMs | undefined): EpochMs | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function missingFrom(
  { from, to }: Interval,
  stored: StoredCandles,
  endedBy: EpochMs,
  historyStart = from,
): Interval[] {
  const begin = Math.max(from, stored.wanted.series.grid.floor(historyStart));
  const ended = normalizeIntervals([{ from: begin, to: Math.min(to, endedBy) }]);
  return subtractIntervals(ended, coveredBy(stored));
}

/** Also where provisional periods follow the last candle: the source may still deliver one. */
function lastMayChange({ wanted, candles, snapshot, floor }: StoredCandles, to: EpochMs): boolean {
  const { series } = wanted;
  const from = candles.length > 0 ? candles.lastTimestamp : wanted.range.from;
  const settling = intersectIntervals(
    series.settling.covered(),
    normalizeIntervals([{ from, to }]),
  );
  if (settling.length > 0) return true;
  if (candles.length === 0 || from < floor) return false;
  return !intervalsContain(snapshot.covered, { from, to: series.grid.shift(from) });
}

function originsOf(
  { candles, byTier }: StoredCandles,
  outcomes: readonly FetchOutcome[],
): CandleOrigins {
  const fetched = normalizeIntervals(
    outcomes
      .filter(({ failure, isLeftAlone }) => failure === undefined && isLeftAlone !== true)
      .map(({ interval }) => interval),
  );
  let coordinator = 0;
  for (const { from, to } of fetched) {
    coordinator += candles.indexAtOrAfter(to) - candles.indexAtOrAfter(from);
  }
  const router = byTier.get('router') ?? 0;
  coordinator = Math.min(coordinator, candles.length - router);
  const cache = Math.min(byTier.get('cache') ?? 0, candles.length - router - coordinator);
  const disk = Math.min(byTier.get('disk') ?? 0, candles.length - router - coordinator - cache);
  const storage = candles.length - router - coordinator - cache - disk;
  return { cache, router, disk, storage, coordinator };
}
