import {
  type Clock,
  type EpochMs,
  type Interval,
  type MonotonicTime,
  monotonicTime,
} from '@barkeep/core';
import type { CandleDelivery, IMarketDataCoordinator } from '@barkeep/source';
import type { FetchingSettings } from '../config/check-config.ts';
import type { BreakerStatistics } from '../contract/market-data-statistics.ts';
import type { SeriesState } from '../series/series-state.ts';
import { CallContext } from './call-context.ts';
import { type CheckedDelivery, checkDelivery } from './delivery.ts';
import type { Flight } from './flight.ts';
import { type SourceGate, sourceGate } from './source-gate.ts';
import { withinTime } from './within-time.ts';

export interface SourceCallsOptions {
  readonly coordinator: IMarketDataCoordinator;
  readonly clock: Clock;
  readonly settings: FetchingSettings;
  /** How far candles may lie ahead of the clock, in milliseconds. */
  readonly maxAheadMs: number;
}

/** One instant on two clocks. */
export interface ClockReading {
  readonly clock: EpochMs;
  /** Monotonic. */
  readonly time: number;
}

/** An answer of the coordinator. */
export interface SourceAnswer {
  readonly delivery: CheckedDelivery;
  /** When it was asked for. */
  readonly asked: ClockReading;
  readonly fetchMs: number;
}

/** Calls the coordinator: when its gate lets the call through, within the time allowed, and checked. */
export class SourceCalls {
  readonly #options: SourceCallsOptions;
  readonly #time: MonotonicTime;
  readonly #gate: SourceGate;
  readonly #context = new CallContext<Flight>();

  constructor(options: SourceCallsOptions) {
    this.#options = options;
    this.#time = monotonicTime(options.clock);
    this.#gate = sourceGate(options.coordinator, this.#time);
  }

  get breaker(): BreakerStatistics {
    return this.#gate.statistics(this.#options.settings.breaker);
  }

  /** Whether calls are refused for a while. */
  get isShut(): boolean {
    const { breaker, retry } = this.#options.settings;
    return this.#gate.refuses(breaker, retry);
  }

  /** The flight whose coordinator makes the present call; `undefined`: it comes from outside. */
  callerOf(signal: AbortSignal | undefined): Flight | undefined {
    return this.#context.ownerOf(signal);
  }

  /**
   * @param interval What to ask for: of the flight's, what is still wanted.
   * @param begin Called when the coordinator is really called.
   */
  async call(
    series: SeriesState,
    flight: Flight,
    interval: Interval,
    signal: AbortSignal,
    begin: () => void,
  ): Promise<SourceAnswer> {
    const { clock, settings, maxAheadMs } = this.#options;
    const { breaker, retry } = settings;
    const passage = await this.#gate.enter({ breaker, retry, signal, nesting: flight });
    begin();
    const asked: ClockReading = { clock: clock.now(), time: this.#time.now() };
    const start = performance.now();
    try {
      const given = await withinTime(
        (timed) => this.#fetchCandles(series, flight, interval, timed),
        settings.timeoutMs,
        this.#time,
        signal,
      );
      const fetchMs = performance.now() - start;
      const now = clock.now();
      // The clock may have been set meanwhile: the earlier of what it showed then, and would have shown.
      const askedAt = Math.min(asked.clock, Math.ceil(now - (this.#time.now() - asked.time)));
      const { key } = series;
      const terms = { ...settings, key, interval, askedAt, now, maxAheadMs };
      const delivery = await checkDelivery(given, terms, signal);
      passage.answered();
      return { delivery, asked: { clock: askedAt, time: asked.time }, fetchMs };
    } catch (error) {
      passage.failed(error);
      throw error;
    }
  }

  async #fetchCandles(
    { key }: SeriesState,
    flight: Flight,
    interval: Interval,
    signal: AbortSignal,
  ): Promise<CandleDelivery> {
    const request = { ...key, ...interval };
    return this.#context.run(flight, signal, () =>
      this.#options.coordinator.fetchCandles(request, { signal }),
    );
  }
}
