import type { Candle, ManualClock, SeriesKey } from '@barkeep/core';
import type { CandleRequest, LiveCandle, MarketEvent } from '@barkeep/source';
import { type MemoryCoordinator, MemoryRouter } from '@barkeep/source-memory';
import type { CoordinatorUnderTest, RouterExchange } from '../src/source/index.ts';
import { coordinatorUnderTest } from './source/memory-coordinator-harness.ts';
import { exchangeOf } from './source/memory-router-harness.ts';

/** The exchange of the README's example. */
export class MyExchange implements RouterExchange {
  readonly clock: ManualClock;
  readonly history: CoordinatorUnderTest;
  #hand: RouterExchange | undefined;

  constructor(clock: ManualClock) {
    this.clock = clock;
    this.history = coordinatorUnderTest(clock);
  }

  get listedAt(): number {
    return this.history.listedAt;
  }

  get quietStretch(): CandleRequest {
    return this.history.quiet;
  }

  candles(request: CandleRequest): readonly Candle[] {
    return this.history.candles(request);
  }

  attach(router: MemoryRouter): void {
    this.#hand = exchangeOf(router, this.clock);
  }

  connect(current: readonly LiveCandle[]): void {
    this.#hand?.connect(current);
  }

  watch(key: SeriesKey, current: LiveCandle | undefined): void {
    this.#hand?.watch(key, current);
  }

  send(events: readonly MarketEvent[]): void {
    this.#hand?.send(events);
  }

  cut(): void {
    this.#hand?.cut();
  }

  notice(): void {
    this.#hand?.notice();
  }
}

export class MyCoordinator {
  readonly fetchCandles: MemoryCoordinator['fetchCandles'];

  constructor({ history: { coordinator } }: MyExchange) {
    this.fetchCandles = async (request, options) => coordinator.fetchCandles(request, options);
  }
}

export class MyRouter extends MemoryRouter {
  constructor(exchange: MyExchange, options: { readonly maxTrades: number }) {
    super({ clock: exchange.clock, ...options });
    exchange.attach(this);
  }
}
