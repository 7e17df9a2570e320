import {
  type Candle,
  CandleSeries,
  compareTimeframes,
  type EpochMs,
  epochMsFault,
  type Interval,
  intersectIntervals,
  type ManualClock,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import type { CandleDelivery, CandleRequest } from '@barkeep/source';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import type { CoordinatorSubject, CoordinatorUnderTest } from './coordinator-harness.ts';

/** Sessions begin in the middle of a period, even of the shortest ones. */
const INTO_A_PERIOD_MS = 90_500;
/** This long before a period ends, a call that takes its time gets pages from before and after the end. */
const TURN_MS = 1_500;
/** A call may need this long for a step of its own before the clock is moved on for it. */
const PATIENCE_MS = 10;
const CLOCK_STEP_MS = 1_000;
/** A call that takes longer hangs: the clock stands still, and the scenario's deadline ends it. */
const LONGEST_CALL_MS = 20_000;
/** The exchange is asked this far back whether history began where a delivery says. */
const PERIODS_BEFORE_HISTORY = 500;
/** What a service waits for a coordinator that does not say how long it settles. */
const SETTLING_MS = 60_000;

/** A coordinator, its exchange, and calls that are held against each other. */
export class CoordinatorSession {
  readonly underTest: CoordinatorUnderTest;
  /** Shortest first. */
  readonly timeframes: readonly Timeframe[];
  readonly #clock: ManualClock;
  /** What deliveries said, to be held against the exchange again later. */
  readonly #claims: (() => void)[] = [];
  #lagMs = 0;

  constructor({ underTest }: CoordinatorSubject, clock: ManualClock) {
    this.underTest = underTest;
    this.timeframes = underTest.series.map(({ timeframe }) => timeframe).sort(compareTimeframes);
    this.#clock = clock;
    this.pass(INTO_A_PERIOD_MS);
  }

  /** The last periods up to the one under way, or so many before it; −1 includes it. */
  lastPeriods(
    count: number,
    before: number = 0,
    timeframe: Timeframe | undefined = this.timeframes[0],
  ): CandleRequest {
    const series = this.underTest.series.find((one) => one.timeframe === timeframe);
    const key = assertDefined(series, `the harness’ series of ${timeframe}`);
    const grid = timeframeGrid(key.timeframe);
    const to = grid.shift(this.#clock.now(), -before);
    return { ...key, from: grid.shift(to, -count), to };
  }

  pass(ms: number): void {
    this.#clock.advance(ms);
  }

  /** Shortly before the end of a period: calls that take their time are answered before and after it. */
  passToTurn(): void {
    const { to } = this.lastPeriods(1, -1);
    this.pass(Math.max(0, to - this.#clock.now() - TURN_MS));
  }

  lag(ms: number): void {
    this.underTest.lag?.(ms);
    this.#lagMs = ms;
  }

  /**
   * Fetches as a service does, and holds the delivery against the exchange. Returns its candles, ascending,
   * and the stretches that need not be asked for again.
   */
  async fetch(
    request: CandleRequest,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<{ readonly candles: readonly Candle[]; readonly settled: readonly Interval[] }> {
    const { coordinator } = this.underTest;
    const calledAt = this.#clock.now();
    const delivery = await this.#call(request, signal);
    const candles = candlesOf(request, delivery);
    this.#assertValid(request, delivery, candles);
    const { asOf = calledAt - this.#lagMs } = delivery;
    const settled = claimed(request, delivery, asOf);
    this.#assertComplete(request, candles, settled);
    const { settlingMs = SETTLING_MS } = coordinator;
    const isDuration = Number.isSafeInteger(settlingMs) && settlingMs >= 0;
    assertTrue(isDuration, `settlingMs (${settlingMs}) is a duration`);
    this.#claims.push(() => {
      assertEqual(candlesOf(request, delivery), candles, 'the candles of a delivery, later');
      const by = Math.min(calledAt, delivery.asOf ?? calledAt) - settlingMs;
      this.#assertComplete(request, candles, claimed(request, delivery, by));
    });
    const counts = { candles: candles.length, inserted: candles.length, updated: 0, unchanged: 0 };
    coordinator.feedback?.({ request, ...counts, fetchMs: 5, storeMs: 1 });
    return { candles, settled };
  }

  /** Fetches the whole, and again what was not settled, until all of it is. */
  async fetchAll(request: CandleRequest): Promise<void> {
    const calledAt = this.#clock.now();
    const endedBy = timeframeGrid(request.timeframe).floor(calledAt);
    const [current] = request.to > endedBy ? this.truth({ ...request, from: endedBy }) : [];
    const found: Candle[] = [];
    let missing = normalizeIntervals([{ ...request, to: Math.min(request.to, endedBy) }]);
    let part = request;
    do {
      const { candles, settled } = await this.fetch(part);
      found.push(...candles);
      const rest = subtractIntervals(missing, settled);
      const isProgress = missing.length === 0 || !isEqual(rest, missing);
      assertTrue(isProgress, `a delivery from ${part.from} to ${part.to} settles some of it`);
      missing = rest;
      part = { ...request, ...missing[0] };
    } while (missing.length > 0);
    if (current === undefined || this.#clock.now() > calledAt) return;
    const delivered = found.find(({ timestamp }) => timestamp === current.timestamp);
    assertEqual(delivered, current, 'the candle in the making');
  }

  /** What the exchange has, ascending. */
  truth(request: CandleRequest): Candle[] {
    return [...this.underTest.candles(request)].sort(byTimestamp);
  }

  /** Asserts that deliveries are as they were, and that what they claimed for good holds. */
  assertLasting(): void {
    for (const assertClaim of this.#claims) assertClaim();
  }

  /** Calls the coordinator; while the call waits for the clock, the clock moves on. */
  async #call(request: CandleRequest, signal: AbortSignal): Promise<CandleDelivery> {
    const { coordinator } = this.underTest;
    let isSettled = false;
    const call = (async () =>
      coordinator.fetchCandles(Object.freeze({ ...request }), { signal }))();
    const settle = (): void => {
      isSettled = true;
    };
    call.then(settle, settle);
    const deadline = performance.now() + LONGEST_CALL_MS;
    while (!isSettled && performance.now() < deadline) {
      const waits = this.#clock.pendingTimers > 0;
      await new Promise((resolve) => setTimeout(resolve, waits ? PATIENCE_MS : 0));
      if (!isSettled && this.#clock.pendingTimers > 0) this.#clock.advance(CLOCK_STEP_MS);
    }
    return call;
  }

  #assertValid(request: CandleRequest, delivery: CandleDelivery, candles: readonly Candle[]): void {
    const { from, to, timeframe } = request;
    const { asOf = 0, covers = [], historyStart } = delivery;
    // Candles outside of the request are welcome beside those inside, and only there.
    const isAnother = candles.length > 0 && within(candles, request).length === 0;
    assertTrue(!isAnother, `the candles are of the stretch that was asked for, ${from} to ${to}`);
    const now = this.#clock.now();
    const latest = now - this.#lagMs;
    assertEqual(epochMsFault(asOf), undefined, `what is wrong with asOf (${asOf})`);
    assertTrue(asOf <= latest, `asOf (${asOf}) is not after the exchange's time (${latest})`);
    const grid = timeframeGrid(timeframe);
    for (const covered of 'from' in covers ? [covers] : covers) {
      const isInside = covered.from >= from && covered.from <= covered.to && covered.to <= to;
      assertTrue(isInside, `covers (${covered.from} to ${covered.to}) lies within the request`);
      const hasEnded = covered.to <= grid.floor(now);
      assertTrue(hasEnded, `covers ends (${covered.to}) with the last ended period`);
    }
    if (historyStart === undefined) return;
    assertTrue(historyStart <= now, `history begins (${historyStart}) not in the future`);
    const earliest = grid.shift(historyStart, -PERIODS_BEFORE_HISTORY);
    const before = { ...request, from: earliest, to: historyStart };
    const earlier = [...within(candles, before), ...this.truth(before)];
    assertEqual(earlier, [], `the candles before historyStart (${historyStart})`);
  }

  #assertComplete(
    request: CandleRequest,
    candles: readonly Candle[],
    stretches: readonly Interval[],
  ): void {
    for (const { from, to } of stretches) {
      const what = `the candles of ${request.timeframe} from ${from} to ${to}`;
      assertEqual(within(candles, { from, to }), this.truth({ ...request, from, to }), what);
    }
  }
}

/** The candles of a delivery, checked and ascending. */
function candlesOf({ symbol, timeframe }: SeriesKey, { candles }: CandleDelivery): Candle[] {
  return CandleSeries.from({ symbol, timeframe }, candles).toArray();
}

/** What a delivery claims to be complete of the periods that had ended by an instant. */
function claimed(
  { from, to, timeframe }: CandleRequest,
  { covers = { from, to }, historyStart = from }: CandleDelivery,
  by: EpochMs,
): Interval[] {
  const claims = 'from' in covers ? [covers] : covers;
  const ended = normalizeIntervals([{ from, to: timeframeGrid(timeframe).floor(by) }]);
  return intersectIntervals(ended, normalizeIntervals([{ from, to: historyStart }, ...claims]));
}

function within(candles: readonly Candle[], { from, to }: Interval): Candle[] {
  return candles.filter(({ timestamp }) => timestamp >= from && timestamp < to);
}

function byTimestamp(a: Candle, b: Candle): number {
  return a.timestamp - b.timestamp;
}
