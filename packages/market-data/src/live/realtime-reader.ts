import {
  type CallOptions,
  MIN_EPOCH_MS,
  type OrderBook,
  type Ticker,
  type Trade,
} from '@barkeep/core';
import type { IRealtimeCache, OrderBookReadOptions, TradeReadOptions } from '@barkeep/realtime';
import { isRetryable } from '../fetching/retry.ts';
import type { RouterTier } from './router-tier.ts';

/**
 * Reads tickers, order books and trades: from the realtime cache, and what that lacks, or cannot say
 * for the moment, from the router.
 */
export class RealtimeReader {
  readonly #realtime: IRealtimeCache;
  readonly #router: RouterTier | undefined;

  constructor(realtime: IRealtimeCache, router: RouterTier | undefined) {
    this.#realtime = realtime;
    this.#router = router;
  }

  ticker(symbol: string, options?: CallOptions): Promise<Ticker | undefined> {
    const stored = this.#realtime.tickers.get(symbol, options);
    return this.#router === undefined
      ? stored
      : orElse(stored, isThere, (router) => router.ticker(symbol), this.#router);
  }

  tickers(symbols: readonly string[], options?: CallOptions): Promise<(Ticker | undefined)[]> {
    const stored = this.#realtime.tickers.getMany(symbols, options);
    const router = this.#router;
    if (router === undefined) return stored;
    const complete = (found: readonly (Ticker | undefined)[]): (Ticker | undefined)[] =>
      symbols.map((symbol, i) => found[i] ?? router.ticker(symbol));
    return stored.then(complete, (error: unknown) => {
      const found = isRetryable(error) ? complete([]) : [];
      if (found.some(isThere)) return found;
      throw error;
    });
  }

  orderBook(symbol: string, options?: OrderBookReadOptions): Promise<OrderBook | undefined> {
    const stored = this.#realtime.orderBooks.get(symbol, options);
    const depth = options?.depth ?? Number.POSITIVE_INFINITY;
    return this.#router === undefined
      ? stored
      : orElse(stored, isThere, (router) => router.orderBook(symbol, depth), this.#router);
  }

  async trades(symbol: string, options: TradeReadOptions = {}): Promise<Trade[]> {
    const stored = this.#realtime.trades.recent(symbol, options);
    const { limit = Number.POSITIVE_INFINITY, since = MIN_EPOCH_MS } = options;
    if (this.#router === undefined || limit === 0) return stored;
    const areThere = (trades: readonly Trade[]): boolean => trades.length > 0;
    return orElse(stored, areThere, (router) => router.trades(symbol, limit, since), this.#router);
  }
}

/** What is stored; where nothing is, or the cache fails for the moment, what the router has. */
async function orElse<Value>(
  stored: Promise<Value>,
  isEnough: (value: Value) => boolean,
  look: (router: RouterTier) => Value | undefined,
  router: RouterTier,
): Promise<Value> {
  try {
    const found = await stored;
    return isEnough(found) ? found : (look(router) ?? found);
  } catch (error) {
    const live = isRetryable(error) ? look(router) : undefined;
    if (live !== undefined) return live;
    throw error;
  }
}

function isThere(value: unknown): boolean {
  return value !== undefined;
}
