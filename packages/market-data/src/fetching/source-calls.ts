import {
  type Clock,
  type EpochMs,
  type Interval,
  type MonotonicTime,
  monotonicTime,
  TraceChannel,
  type Unsubscribe,
} from '@barkeep/core';
import type { CandleDelivery, CandleRequest, IMarketDataCoordinator } from '@barkeep/source';
import type { FetchingSettings } from '../config/check-config.ts';
import type { BreakerStatistics } from '../contract/market-data-statistics.ts';
import type { SeriesState } from '../series/series-state.ts';
import { CallContext } from './call-context.ts';
import { type CheckedDelivery, checkDelivery } from './check-delivery.ts';
import type { Flight } from './flight.ts';
import { type BreakerChange, type SourceGate, sourceGate } from './source-gate.ts';
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

/** What the coordinator is asked. */
interface SourceCall {
  readonly series: SeriesState;
  readonly flight: Flight;
  /** Of the flight's, what is still wanted. */
  readonly interval: Interval;
  readonly signal: AbortSignal;
}

/** The context of the tracing channel `barkeep:fetch`: one call of the coordinator. */
export interface FetchTrace {
  readonly request: CandleRequest;
  /** `undefined` until it was answered. */
  durationMs: number | undefined;
  /** How many candles were delivered; `undefined` until then. */
  candles: number | undefined;
}

const traces = new TraceChannel<FetchTrace>('barkeep:fetch');

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

  onBreakerChange(listener: (change: BreakerChange) => void): Unsubscribe {
    return this.#gate.changes.add(listener);
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
    const { breaker, retry } = this.#options.settings;
    const passage = await this.#gate.enter({ breaker, retry, signal, nesting: flight });
    begin();
    try {
      const answer = await this.#ask({ series, flight, interval, signal });
      passage.answered();
      return answer;
    } catch (error) {
      passage.failed(error);
      throw error;
    }
  }

  #ask(call: SourceCall): Promise<SourceAnswer> {
    if (!traces.isHeard) return this.#delivered(call);
    const request = { ...call.series.key, ...call.interval };
    const trace: FetchTrace = { request, durationMs: undefined, candles: undefined };
    return traces.trace(trace, async () => {
      const answer = await this.#delivered(call);
      trace.durationMs = answer.fetchMs;
      trace.candles = answer.delivery.candles.length;
      return answer;
    });
  }

  async #delivered(call: SourceCall): Promise<SourceAnswer> {
    const { clock, settings, maxAheadMs } = this.#options;
    const asked: ClockReading = { clock: clock.now(), time: this.#time.now() };
    const start = performance.now();
    const given = await withinTime(
      (signal) => this.#fetchCandles({ ...call, signal }),
      settings.timeoutMs,
      this.#time,
      call.signal,
    );
    const fetchMs = performance.now() - start;
    const now = clock.now();
    // The clock may have been set meanwhile: the earlier of what it showed then, and would have shown.
    const askedAt = Math.min(asked.clock, Math.ceil(now - (this.#time.now() - asked.time)));
    const { series, interval } = call;
    const terms = { ...settings, key: series.key, interval, askedAt, now, maxAheadMs };
    const delivery = await checkDelivery(given, terms, call.signal);
    return { delivery, asked: { clock: askedAt, time: asked.time }, fetchMs };
  }

  async #fetchCandles({ series, flight, interval, signal }: SourceCall): Promise<CandleDelivery> {
    const request = { ...series.key, ...interval };
    return this.#context.run(flight, signal, () =>
      this.#options.coordinator.fetchCandles(request, { signal }),
    );
  }
}
