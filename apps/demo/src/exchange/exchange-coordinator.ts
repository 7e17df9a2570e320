import { type CallOptions, type Candle, delay, timeframeGrid } from '@barkeep/core';
import type {
  CandleDelivery,
  CandleRequest,
  DeliveryFeedback,
  IMarketDataCoordinator,
} from '@barkeep/market-data';
import { MAX_PAGE, type SimulatedExchange } from './simulated-exchange.ts';

export const EXCHANGE_SOURCE = 'simulated-exchange';

/**
 * History by way of the exchange's REST interface: pages of 200 candles, newest first, walked
 * backwards, and never more calls a second than the exchange answers.
 */
export class ExchangeCoordinator implements IMarketDataCoordinator {
  /** The simulation never corrects a candle after its end. */
  readonly settlingMs = 0;
  readonly #exchange: SimulatedExchange;
  readonly #onStored: (feedback: DeliveryFeedback) => void;
  #window = { second: Number.NaN, calls: 0 };

  /** `onStored` hears of each stretch that has been fetched and stored. */
  constructor(exchange: SimulatedExchange, onStored: (feedback: DeliveryFeedback) => void) {
    this.#exchange = exchange;
    this.#onStored = onStored;
  }

  async fetchCandles(
    request: CandleRequest,
    { signal }: Required<CallOptions>,
  ): Promise<CandleDelivery> {
    const { symbol, timeframe, from } = request;
    const grid = timeframeGrid(timeframe);
    const candles: Candle[] = [];
    for (let to = request.to; to > from; ) {
      await this.#takeTurn(signal);
      const count = Math.min(MAX_PAGE, grid.indexOf(to - 1) - grid.indexOf(from) + 1);
      const page = await this.#exchange.candlePage({ symbol, timeframe, to, count });
      candles.push(...page.filter(({ timestamp }) => timestamp >= from));
      // A page goes as far back as it takes to fill it: one that is not full is the end of history.
      to = page.length < count ? from : (page.at(-1)?.timestamp ?? from);
    }
    const historyStart = grid.floor(this.#exchange.listedAt);
    return { candles, source: EXCHANGE_SOURCE, historyStart };
  }

  feedback(feedback: DeliveryFeedback): void {
    this.#onStored(feedback);
  }

  async #takeTurn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { clock, callsPerSecond } = this.#exchange;
    for (;;) {
      const now = clock.now();
      const second = Math.floor(now / 1_000);
      if (second !== this.#window.second) this.#window = { second, calls: 0 };
      if (this.#window.calls < callsPerSecond) break;
      await delay(clock, (second + 1) * 1_000 - now, signal);
    }
    this.#window.calls += 1;
  }
}
