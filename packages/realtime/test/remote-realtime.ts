import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import {
  AbstractRealtimeCache,
  type AbstractRealtimeOptions,
  type RealtimeCapabilities,
  type RealtimeEvent,
  type RealtimeUsage,
  type RealtimeWriteResult,
  type TradeReplay,
} from '../src/index.ts';

export const ticker: Ticker = {
  symbol: 'KRW-BTC',
  timestamp: Date.UTC(2026, 0, 1),
  price: 1,
};

/** An adapter whose answers come later, or not at all. */
export class RemoteRealtime extends AbstractRealtimeCache {
  readonly received: unknown[] = [];
  fault: unknown;

  constructor(
    sharing: RealtimeCapabilities['sharing'] = 'process',
    options: AbstractRealtimeOptions = {},
  ) {
    super('remote-realtime', { sharing, platforms: ['node'], maxTradesPerSymbol: 10 }, options);
  }

  get lives(): unknown {
    return this.expiry;
  }

  report(event: RealtimeEvent): void {
    this.publish(event);
  }

  protected _setTicker(value: Ticker): Promise<RealtimeWriteResult> {
    return this.#answer(value, 'stored' as const);
  }

  protected _getTicker(symbol: string): Promise<Ticker | undefined> {
    return this.#answer(symbol, { ...ticker, symbol });
  }

  protected _deleteTicker(symbol: string): Promise<boolean> {
    return this.#answer(symbol, true);
  }

  protected _setOrderBook(value: OrderBook): Promise<RealtimeWriteResult> {
    return this.#answer(value.symbol, 'stored' as const);
  }

  protected _getOrderBook(symbol: string, depth: number): Promise<OrderBook | undefined> {
    return this.#answer([symbol, depth], undefined);
  }

  protected _deleteOrderBook(symbol: string): Promise<boolean> {
    return this.#answer(symbol, true);
  }

  protected _appendTrades(symbol: string, trades: readonly Trade[]): Promise<readonly Trade[]> {
    return this.#answer([symbol, trades], trades);
  }

  protected _recentTrades(symbol: string, read: object): Promise<Trade[]> {
    return this.#answer([symbol, read], []);
  }

  protected _replayTrades(symbol: string, after: string | undefined): Promise<TradeReplay> {
    return this.#answer([symbol, after], { trades: [], cursor: 'c', gap: false });
  }

  protected _deleteTrades(symbol: string): Promise<boolean> {
    return this.#answer(symbol, true);
  }

  protected _clear(): Promise<void> {
    return this.#answer('clear', undefined);
  }

  protected _sweep(): Promise<number> {
    return this.#answer('sweep', 2);
  }

  protected _usage(): RealtimeUsage {
    return { tickers: 1, orderBooks: 2, trades: 3, bytes: 4 };
  }

  async #answer<T>(received: unknown, value: T): Promise<T> {
    this.received.push(received);
    await Promise.resolve();
    if (this.fault !== undefined) throw this.fault;
    return value;
  }
}
