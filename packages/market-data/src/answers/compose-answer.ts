import {
  type EpochMs,
  type Interval,
  intervalsContain,
  normalizeIntervals,
  subtractIntervals,
} from '@barkeep/core';
import { coverageWithin } from '@barkeep/storage';
import type { FetchOutcome } from '../fetching/missing-candle-fetcher.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import type { CandleAnswer, CandleOrigins } from './candle-answer.ts';
import type { StoredCandles } from './candle-reader.ts';

/** Puts together what was read and what was fetched, as of an instant. */
export function composeAnswer(
  stored: StoredCandles,
  outcomes: readonly FetchOutcome[],
  now: EpochMs,
  closeGraceMs: number,
): CandleAnswer {
  const { ask } = stored;
  const unsettled = unsettledStretch(ask.series, now, closeGraceMs);
  const range = answeredRange(stored, unsettled.to);
  const { historyStart } = ask.series.notes ?? {};
  const { entries } = stored.snapshot;
  return Object.freeze({
    series: stored.candles,
    range: range && Object.freeze(range),
    missing: frozen(range ? missingFrom(range, stored, unsettled.from, historyStart) : []),
    coverage: frozen(range ? coverageWithin(entries, range.from, range.to) : []),
    failures: frozen(outcomes.flatMap(({ failure }) => failure ?? [])),
    lastMayChange: lastMayChange(stored),
    origins: Object.freeze(originsOf(stored, outcomes)),
    historyStart,
  });
}

/** One answer may go to many callers. */
function frozen<Part extends object>(parts: Part[]): readonly Part[] {
  for (const part of parts) Object.freeze(part);
  return Object.freeze(parts);
}

function answeredRange(
  { ask, candles, snapshot }: StoredCandles,
  currentEnd: EpochMs,
): Interval | undefined {
  const { series, limit, take, range, hasFrom, hasTo } = ask;
  if (limit === 0) return undefined;
  const isCut = candles.length >= limit;
  const first = candles.length > 0 ? candles.firstTimestamp : undefined;
  const start = hasFrom ? range.from : (snapshot.start ?? first);
  const end = hasTo ? range.to : Math.max(currentEnd, snapshot.extent?.to ?? 0);
  const from = isCut && take === 'last' ? candles.firstTimestamp : start;
  const to = isCut && take === 'first' ? series.grid.shift(candles.lastTimestamp) : end;
  return from === undefined || from >= to ? undefined : { from, to };
}

function missingFrom(
  { from, to }: Interval,
  { snapshot }: StoredCandles,
  endedBy: EpochMs,
  historyStart = from,
): Interval[] {
  const ended = normalizeIntervals([
    { from: Math.max(from, historyStart), to: Math.min(to, endedBy) },
  ]);
  return subtractIntervals(ended, snapshot.covered);
}

function lastMayChange({ ask, candles, snapshot }: StoredCandles): boolean {
  if (candles.length === 0) return false;
  const from = candles.lastTimestamp;
  return !intervalsContain(snapshot.covered, { from, to: ask.series.grid.shift(from) });
}

function originsOf(
  { candles, byTier }: StoredCandles,
  outcomes: readonly FetchOutcome[],
): CandleOrigins {
  const fetched = normalizeIntervals(
    outcomes.filter(({ failure }) => failure === undefined).map(({ interval }) => interval),
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
