import { type Clock, delay, type EpochMs, type SeriesKey } from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';
import type { ExchangeStream } from './exchange/exchange-stream.ts';
import type { SimulatedExchange } from './exchange/simulated-exchange.ts';
import { LiveRecorder, type LiveTally } from './live-recorder.ts';

const STEP_MS = 250;

/** A clock that is moved by hand. */
interface MovableClock {
  advanceTo(instant: EpochMs): void;
}

/** Carries the exchange's stream into the service. */
export class LiveFeed {
  readonly #clock: Clock;
  readonly #stream: ExchangeStream;
  readonly #recorder: LiveRecorder;

  constructor(exchange: SimulatedExchange, service: IMarketDataService) {
    this.#clock = exchange.clock;
    this.#stream = exchange.stream();
    this.#recorder = new LiveRecorder(service, exchange.clock);
  }

  get tally(): Readonly<LiveTally> {
    return this.#recorder.tally;
  }

  /** Adds a series; already watched: nothing happens. */
  watch(key: SeriesKey): void {
    this.#recorder.begin(key);
    this.#stream.watch(key);
  }

  /** Records what the stream has sent since the last step. */
  step(): Promise<void> {
    return this.#recorder.record(this.#stream.receive());
  }

  /** Steps a few times a second until the signal fires; fails when recording fails. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.step();
      await delay(this.#clock, STEP_MS, signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  /** Lives through the time until an instant at once. The clock is the one of the exchange. */
  async replay(clock: MovableClock, until: EpochMs): Promise<void> {
    for (let now = this.#clock.now(); now < until; ) {
      now = Math.min(now + STEP_MS, until);
      clock.advanceTo(now);
      await this.step();
    }
  }
}
