import {
  type Candle,
  CandleSeries,
  type EpochMs,
  epochMsFault,
  type Interval,
  intersectIntervals,
  intervalsLength,
  type ManualClock,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
  type Timeframe,
  type TimeframeGrid,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleDelivery, CandleRequest } from '@barkeep/source';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import type { CoordinatorUnderTest } from './coordinator-harness.ts';
import type { CoordinatorSubject } from './coordinator-subject.ts';

/** So long a call may need for a step of its own before the clock is moved on for it. */
const PATIENCE_MS = 10;
const CLOCK_STEP_MS = 1_000;
/** A call that takes longer hangs: the clock stands still, and the scenario's deadline tells. */
const LONGEST_CALL_MS = 20_000;
/** So far back the exchange is asked whether history began where a delivery says. */
const PERIODS_BEFORE_HISTORY = 500;

/** A coordinator, its exchange, and calls that are held against each other. */
export class CoordinatorSession {
  readonly underTest: CoordinatorUnderTest;
  readonly timeframes: readonly Timeframe[];
  readonly #clock: ManualClock;

  constructor({ underTest, capabilities }: CoordinatorSubject, clock: ManualClock) {
    this.underTest = underTest;
    this.timeframes = capabilities.timeframes;
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** The series of a timeframe. Default: the shortest one. */
  key(timeframe: Timeframe | undefined = this.timeframes[0]): SeriesKey {
    const key = this.underTest.series.find((one) => one.timeframe === timeframe);
    return assertDefined(key, `the harness' series of ${timeframe}`);
  }

  /** The last whole periods of a series, up to the one under way, or some periods before it. */
  lastPeriods(count: number, before = 0, key: SeriesKey = this.key()): CandleRequest {
    const grid = timeframeGrid(key.timeframe);
    const to = grid.shift(this.now, -before);
    return { ...key, from: grid.shift(to, -count), to };
  }

  pass(ms: number): void {
    this.#clock.advance(ms);
  }

  /** Calls the coordinator; while the call waits for the clock, the clock moves on. */
  async fetch(request: CandleRequest, signal?: AbortSignal): Promise<CandleDelivery> {
    let settled = false;
    const call = this.call(request, signal).finally(() => {
      settled = true;
    });
    // Its failure is the caller's to see, not the loop's.
    call.catch(() => undefined);
    const deadline = performance.now() + LONGEST_CALL_MS;
    while (!settled && performance.now() < deadline) {
      const waits = this.#clock.pendingTimers > 0;
      await new Promise((resolve) => setTimeout(resolve, waits ? PATIENCE_MS : 0));
      if (!settled && this.#clock.pendingTimers > 0) this.#clock.advance(CLOCK_STEP_MS);
    }
    return call;
  }

  /** Calls the coordinator, and turns what it throws at once into a rejection. */
  async call(
    request: CandleRequest,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<CandleDelivery> {
    return this.underTest.coordinator.fetchCandles(Object.freeze({ ...request }), { signal });
  }

  /** Fetches, and holds the delivery against the exchange. */
  async fetchTruthfully(request: CandleRequest): Promise<CandleDelivery> {
    const calledAt = this.now;
    const delivery = await this.fetch(request);
    this.assertTruthful(request, delivery, calledAt);
    return delivery;
  }

  /** Fetches until everything is settled: the whole at first, then what the deliveries left out. */
  async fetchAll(request: CandleRequest): Promise<Candle[]> {
    const candles = new Map<EpochMs, Candle>();
    const ended = { from: request.from, to: Math.min(request.to, gridOf(request).floor(this.now)) };
    let missing = normalizeIntervals([ended]);
    while (missing[0] !== undefined) {
      const part = { ...request, ...missing[0] };
      const delivery = await this.fetchTruthfully(part);
      for (const candle of deliveredCandles(part, delivery)) candles.set(candle.timestamp, candle);
      const rest = subtractIntervals(missing, this.settled(part, delivery));
      const progress = intervalsLength(missing) - intervalsLength(rest);
      assertTrue(progress > 0, `a delivery from ${part.from} to ${part.to} settles some of it`);
      missing = rest;
    }
    return [...candles.values()].filter((one) => isIn(one, ended)).sort(byTimestamp);
  }

  /** What the exchange has, ascending. */
  truth(request: CandleRequest): Candle[] {
    return [...this.underTest.candles(request)].sort(byTimestamp);
  }

  /** Asserts that a delivery is valid, and complete where it says so. */
  assertTruthful(request: CandleRequest, delivery: CandleDelivery, calledAt: EpochMs): void {
    const candles = deliveredCandles(request, delivery);
    this.#assertAsked(request, candles);
    this.#assertPast(delivery);
    this.#assertModest(request, delivery);
    for (const { from, to } of claimedIntervals(request, delivery)) {
      // Candles in the making may have gone on since.
      const stretch = { from, to: Math.min(to, gridOf(request).floor(calledAt)) };
      if (stretch.from >= stretch.to) continue;
      assertEqual(
        candles.filter((candle) => isIn(candle, stretch)),
        this.truth({ ...request, ...stretch }),
        `the candles from ${stretch.from} to ${stretch.to}, which the delivery covers`,
      );
    }
    this.#assertHistoryStart(request, delivery);
  }

  /** What need not be asked for again: ended periods that are covered or lie before history. */
  settled(request: CandleRequest, delivery: CandleDelivery): Interval[] {
    const { from, to, timeframe } = request;
    const knownAt = Math.min(this.now, delivery.asOf ?? this.now);
    const ended = { from, to: Math.min(to, timeframeGrid(timeframe).floor(knownAt)) };
    const before = { from, to: delivery.historyStart ?? from };
    const claimed = normalizeIntervals([before, ...claimedIntervals(request, delivery)]);
    return intersectIntervals(normalizeIntervals([ended]), claimed);
  }

  /** Candles outside of the request are welcome beside those inside, and only there. */
  #assertAsked(request: CandleRequest, candles: readonly Candle[]): void {
    const { from, to } = request;
    const isOutside = candles.length > 0 && !candles.some((candle) => isIn(candle, request));
    assertTrue(!isOutside, `the candles are of the stretch that was asked for, ${from} to ${to}`);
  }

  #assertPast({ asOf }: CandleDelivery): void {
    if (asOf === undefined) return;
    assertEqual(epochMsFault(asOf), undefined, `what is wrong with asOf (${asOf})`);
    assertTrue(asOf <= this.now, `asOf (${asOf}) is not after now (${this.now})`);
  }

  #assertModest(request: CandleRequest, { covers }: CandleDelivery): void {
    if (covers === undefined) return;
    const endedBy = gridOf(request).floor(this.now);
    for (const { from, to } of 'from' in covers ? [covers] : covers) {
      assertTrue(from <= to, `covers: from (${from}) is not after to (${to})`);
      assertTrue(from >= request.from && to <= request.to, 'covers: lies within the request');
      assertTrue(to <= endedBy, `covers: ends (${to}) with the last period that has ended`);
    }
  }

  #assertHistoryStart(request: CandleRequest, { historyStart }: CandleDelivery): void {
    if (historyStart === undefined) return;
    const from = Math.max(0, gridOf(request).shift(historyStart, -PERIODS_BEFORE_HISTORY));
    const before = this.truth({ ...request, from, to: historyStart });
    assertEqual(before, [], `the candles before historyStart (${historyStart})`);
  }
}

/** The candles of a delivery, checked and ascending. */
export function deliveredCandles(request: CandleRequest, { candles }: CandleDelivery): Candle[] {
  const { symbol, timeframe } = request;
  return CandleSeries.from({ symbol, timeframe }, Array.from(candles)).toArray();
}

function claimedIntervals(request: CandleRequest, { covers }: CandleDelivery): Interval[] {
  if (covers === undefined) return [{ from: request.from, to: request.to }];
  return 'from' in covers ? [covers] : [...covers];
}

function gridOf({ timeframe }: SeriesKey): TimeframeGrid {
  return timeframeGrid(timeframe);
}

function isIn({ timestamp }: Candle, { from, to }: Interval): boolean {
  return timestamp >= from && timestamp < to;
}

function byTimestamp(a: Candle, b: Candle): number {
  return a.timestamp - b.timestamp;
}
