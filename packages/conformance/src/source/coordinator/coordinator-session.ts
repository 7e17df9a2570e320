import {
  type Candle,
  CandleSeries,
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
  readonly timeframes: readonly Timeframe[];
  readonly #clock: ManualClock;
  /** What deliveries said, to be held against the exchange again later. */
  readonly #assertions: (() => void)[] = [];
  #lagMs = 0;

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

  /** The last periods up to the one under way, or so many before it; −1 includes it. */
  lastPeriods(count: number, before = 0, key: SeriesKey = this.key()): CandleRequest {
    const grid = timeframeGrid(key.timeframe);
    const to = grid.shift(this.now, -before);
    return { ...key, from: grid.shift(to, -count), to };
  }

  pass(ms: number): void {
    this.#clock.advance(ms);
  }

  /** Shortly before the end of a period: calls that take their time are answered before and after it. */
  passToTurn(): void {
    const turn = timeframeGrid(this.key().timeframe).shift(this.now);
    this.pass(Math.max(0, turn - this.now - TURN_MS));
  }

  lag(ms: number): void {
    this.underTest.lag?.(ms);
    this.#lagMs = ms;
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

  /** Fetches as a service does, and holds the delivery against the exchange, now and later. */
  async fetchTruthfully(request: CandleRequest, signal?: AbortSignal): Promise<CandleDelivery> {
    const { coordinator } = this.underTest;
    const calledAt = this.now;
    const delivery = await this.fetch(request, signal);
    const candles = candlesOf(request, delivery);
    const { asOf = calledAt - this.#lagMs } = delivery;
    this.#assertValid(request, delivery, candles);
    this.#assertClaims(request, delivery, candles, asOf);
    const { settlingMs = SETTLING_MS } = coordinator;
    const isDuration = Number.isSafeInteger(settlingMs) && settlingMs >= 0;
    assertTrue(isDuration, `settlingMs (${settlingMs}) is a duration`);
    this.#assertions.push(() => {
      assertEqual(candlesOf(request, delivery), candles, 'the candles of a delivery, later');
      const settledBy = Math.min(calledAt, delivery.asOf ?? calledAt) - settlingMs;
      this.#assertClaims(request, delivery, candles, settledBy);
    });
    const counts = { candles: candles.length, inserted: candles.length, updated: 0, unchanged: 0 };
    coordinator.feedback?.({ request, ...counts, fetchMs: 5, storeMs: 1 });
    return delivery;
  }

  /** Fetches the whole, and again what was not settled, and compares it with what the exchange has. */
  async fetchAll(request: CandleRequest): Promise<readonly Candle[]> {
    const calledAt = this.now;
    const endedBy = floor(request, calledAt);
    const ended = { ...request, to: Math.max(request.from, Math.min(request.to, endedBy)) };
    const underWay = request.to > endedBy ? this.truth({ ...request, from: endedBy }) : [];
    const candles = new Map<EpochMs, Candle>();
    let missing = normalizeIntervals([ended]);
    for (let part = request; ; part = { ...request, ...missing[0] }) {
      const delivery = await this.fetchTruthfully(part);
      for (const candle of candlesOf(part, delivery)) candles.set(candle.timestamp, candle);
      const rest = subtractIntervals(missing, this.#settled(part, delivery));
      const isProgress = missing.length === 0 || !isEqual(rest, missing);
      assertTrue(isProgress, `a delivery from ${part.from} to ${part.to} settles some of it`);
      missing = rest;
      if (missing.length === 0) break;
    }
    const [current] = this.now === calledAt ? underWay : [];
    if (current) assertEqual(candles.get(current.timestamp), current, 'the candle in the making');
    const all = [...candles.values()].sort(byTimestamp);
    this.#assertComplete(all, ended);
    return all;
  }

  /** What the exchange has, ascending. */
  truth(request: CandleRequest): Candle[] {
    return [...this.underTest.candles(request)].sort(byTimestamp);
  }

  /** Asserts that deliveries are as they were, and that what they claimed still holds. */
  assertLasting(): void {
    for (const assert of this.#assertions) assert();
  }

  #assertValid(request: CandleRequest, delivery: CandleDelivery, candles: readonly Candle[]): void {
    const { from, to } = request;
    const { asOf = 0, historyStart } = delivery;
    // Candles outside of the request are welcome beside those inside, and only there.
    const isAnother = candles.length > 0 && within(candles, request).length === 0;
    assertTrue(!isAnother, `the candles are of the stretch that was asked for, ${from} to ${to}`);
    const latest = this.now - this.#lagMs;
    assertEqual(epochMsFault(asOf), undefined, `what is wrong with asOf (${asOf})`);
    assertTrue(asOf <= latest, `asOf (${asOf}) is not after the exchange's time (${latest})`);
    const endedBy = floor(request, this.now);
    for (const covered of delivery.covers === undefined ? [] : claims(request, delivery)) {
      const isInside = covered.from >= from && covered.from <= covered.to && covered.to <= to;
      assertTrue(isInside, `covers (${covered.from} to ${covered.to}) lies within the request`);
      assertTrue(covered.to <= endedBy, `covers ends (${covered.to}) with the last ended period`);
    }
    if (historyStart === undefined) return;
    assertTrue(historyStart <= this.now, `history begins (${historyStart}) not in the future`);
    const shifted = timeframeGrid(request.timeframe).shift(historyStart, -PERIODS_BEFORE_HISTORY);
    const before = { ...request, from: Math.max(0, shifted), to: historyStart };
    const earlier = [...within(candles, before), ...this.truth(before)];
    assertEqual(earlier, [], `the candles before historyStart (${historyStart})`);
  }

  /** Asserts that a delivery has every candle of what it claims that had ended by an instant. */
  #assertClaims(
    request: CandleRequest,
    delivery: CandleDelivery,
    candles: readonly Candle[],
    by: EpochMs,
  ): void {
    for (const { from, to } of claims(request, delivery)) {
      const stretch = { ...request, from, to: Math.min(to, floor(request, by)) };
      if (from < stretch.to) this.#assertComplete(candles, stretch);
    }
  }

  #assertComplete(candles: readonly Candle[], stretch: CandleRequest): void {
    const what = `the candles of ${stretch.timeframe} from ${stretch.from} to ${stretch.to}`;
    assertEqual(within(candles, stretch), this.truth(stretch), what);
  }

  /** What need not be asked for again: ended periods that are covered or lie before history. */
  #settled(request: CandleRequest, delivery: CandleDelivery): Interval[] {
    const { asOf = this.now, historyStart = request.from } = delivery;
    const ended = { from: request.from, to: floor(request, Math.min(this.now, asOf)) };
    const claimed = [{ from: request.from, to: historyStart }, ...claims(request, delivery)];
    return intersectIntervals(normalizeIntervals([ended]), normalizeIntervals(claimed));
  }
}

/** The candles of a delivery, checked and ascending. */
function candlesOf({ symbol, timeframe }: SeriesKey, { candles }: CandleDelivery): Candle[] {
  return CandleSeries.from({ symbol, timeframe }, Array.from(candles)).toArray();
}

/** The stretches for which a delivery claims to be complete. */
function claims(
  { from, to }: CandleRequest,
  { covers = { from, to } }: CandleDelivery,
): readonly Interval[] {
  return 'from' in covers ? [covers] : covers;
}

function floor({ timeframe }: SeriesKey, at: EpochMs): EpochMs {
  return timeframeGrid(timeframe).floor(at);
}

function within(candles: readonly Candle[], { from, to }: Interval): Candle[] {
  return candles.filter(({ timestamp }) => timestamp >= from && timestamp < to);
}

function byTimestamp(a: Candle, b: Candle): number {
  return a.timestamp - b.timestamp;
}
