import type { CallOptions, OrderBook, Ticker, Trade } from '@barkeep/core';
import type { IRealtimeCache, OrderBookReadOptions, TradeReadOptions } from '@barkeep/realtime';
import type { RouterTier } from './router-tier.ts';

/** Reads tickers, order books and trades: from the realtime cache, and what that lacks from the router. */
export class RealtimeReader {
  readonly #realtime: IRealtimeCache;
  readonly #router: RouterTier | undefined;

  constructor(realtime: IRealtimeCache, router: RouterTier | undefined) {
    this.#realtime = realtime;
    this.#router = router;
  }

  ticker(symbol: string, options?: CallOptions): Promise<Ticker | undefined> {
    const stored = this.#realtime.tickers.get(symbol, options);
    const router = this.#router;
    return router === undefined ? stored : stored.then((found) => found ?? router.ticker(symbol));
  }

  async tickers(
    symbols: readonly string[],
    options?: CallOptions,
  ): Promise<(Ticker | undefined)[]> {
    const stored = await this.#realtime.tickers.getMany(symbols, options);
    const router = this.#router;
    if (router === undefined) return stored;
    return stored.map((found, i) => found ?? router.ticker(symbols[i] ?? ''));
  }

  orderBook(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined> {
    const stored = this.#realtime.orderBooks.get(symbol, options);
    const router = this.#router;
    if (router === undefined) return stored;
    const depth = options?.depth ?? Number.POSITIVE_INFINITY;
    return stored.then((found) => found ?? router.orderBook(symbol, depth));
  }

  async trades(symbol: string, options: TradeReadOptions = {}): Promise<Trade[]> {
    const stored = await this.#realtime.trades.recent(symbol, options);
    const { limit = Number.POSITIVE_INFINITY, since = 0 } = options;
    if (stored.length > 0 || limit === 0) return stored;
    return this.#router?.trades(symbol, limit, since) ?? stored;
  }
}
