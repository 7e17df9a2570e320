import { BarkeepError, MIN_EPOCH_MS, type OrderBook, type Ticker, type Trade } from '@barkeep/core';
import type {
  CheckedTradeRead,
  RealtimeEvent,
  RealtimeSelector,
  RealtimeWriteResult,
  TradeReplay,
} from '@barkeep/realtime';
import { plantBug as bug, type PlantedRealtimeBug } from './plant-realtime-bug.ts';
import type { Kept, KeptTrade, ReferenceRealtime } from './reference-realtime.ts';

/** Mistakes that adapters have made or could make. */
export const PLANTED_REALTIME_BUGS: readonly PlantedRealtimeBug[] = [
  bug(
    'claims a side that nobody told',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          return super._appendTrades(
            symbol,
            trades.map((trade) => ({ side: 'buy', ...trade })),
          );
        }
      },
  ),
  bug(
    'answers with sides that are undefined instead of absent',
    'input/partial',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string, read: CheckedTradeRead): Trade[] {
          const found = super._recentTrades(symbol, read);
          return found.map((trade) => Object.assign({ side: undefined }, trade));
        }
      },
  ),
  bug(
    'keeps the side in the sign of the price',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string, read: CheckedTradeRead): Trade[] {
          const found = super._recentTrades(symbol, read);
          return found.map((trade) => ({ ...trade, price: Math.abs(trade.price) }));
        }
      },
  ),
  bug(
    'takes equal trades without an id for one',
    'model/commands',
    (base) =>
      class extends base {
        protected override hasTrade(kept: readonly KeptTrade[], trade: Trade): boolean {
          const content = ({ id }: Trade) => (id.startsWith('~') ? id.replace(/\d+$/, '') : id);
          return kept.some(({ value }) => content(value) === content(trade));
        }
      },
  ),
  bug(
    'takes what lies between bid and ask for the last price',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const { bid = 0, ask = bid } = ticker;
          return super._setTicker({ price: (bid + ask) / 2, ...ticker });
        }
      },
  ),
  bug(
    'drops levels at zero and below',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          const bids = book.bids.filter(({ price }) => price > 0);
          return super._setOrderBook({ ...book, bids });
        }
      },
  ),
  bug(
    'lets an older ticker replace a newer one',
    'model/commands',
    (base) =>
      class extends base {
        protected override isOlder(): boolean {
          return false;
        }
      },
  ),
  bug(
    'lets an older book replace a newer one',
    'model/commands',
    (base) =>
      class extends base {
        protected override isOlder(before: Ticker | OrderBook, value: Ticker | OrderBook): boolean {
          return !('bids' in value) && super.isOlder(before, value);
        }
      },
  ),
  bug(
    'takes an equal timestamp for stale',
    'model/commands',
    (base) =>
      class extends base {
        protected override isOlder(before: Ticker | OrderBook, value: Ticker | OrderBook): boolean {
          return before.timestamp >= value.timestamp;
        }
      },
  ),
  bug(
    'orders times by their distance from 1970',
    'model/commands',
    (base) =>
      class extends base {
        protected override isOlder(before: Ticker | OrderBook, value: Ticker | OrderBook): boolean {
          return Math.abs(before.timestamp) > Math.abs(value.timestamp);
        }
      },
  ),
  bug(
    'leaves out trades before 1970 unless they are asked for',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(
          symbol: string,
          { limit, since }: CheckedTradeRead,
        ): Trade[] {
          const from = since === MIN_EPOCH_MS ? 0 : since;
          return super._recentTrades(symbol, { limit, since: from });
        }
      },
  ),
  bug(
    'says stale but stores',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          const result = super._setOrderBook(book);
          this.booksBySymbol.set(book.symbol, {
            value: structuredClone(book),
            expiresAt: Infinity,
          });
          return result;
        }
      },
  ),
  bug(
    'is kept from storing by what has expired',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const before = this.tickersBySymbol.get(ticker.symbol)?.value;
          if (before !== undefined && before.timestamp > ticker.timestamp) return 'stale';
          return super._setTicker(ticker);
        }
      },
  ),
  bug(
    'compares times across symbols',
    'model/commands',
    (base) =>
      class extends base {
        #newest = 0;

        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          if (ticker.timestamp < this.#newest) return 'stale';
          this.#newest = ticker.timestamp;
          return super._setTicker(ticker);
        }
      },
  ),
  bug(
    'merges a ticker into the one before it',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const before = this.tickersBySymbol.get(ticker.symbol)?.value;
          return super._setTicker({ ...before, ...ticker });
        }
      },
  ),
  bug(
    'rounds prices to cents',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          return super._setTicker({ ...ticker, low: Math.round((ticker.low ?? 0) * 100) / 100 });
        }
      },
  ),
  bug(
    'leaves the deeper levels of a longer book',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          const before = this.booksBySymbol.get(book.symbol)?.value;
          const bids = [...book.bids, ...(before?.bids.slice(book.bids.length) ?? [])];
          return super._setOrderBook({ ...book, bids });
        }
      },
  ),
  bug(
    'takes depth for all levels together',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
          return super._getOrderBook(symbol, Math.ceil(depth / 2));
        }
      },
  ),
  bug(
    'takes depth 0 for all levels',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
          return super._getOrderBook(symbol, depth || Number.POSITIVE_INFINITY);
        }
      },
  ),
  bug(
    'cuts both sides to the shorter one',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
          const book = super._getOrderBook(symbol, depth);
          return book && super._getOrderBook(symbol, Math.min(book.bids.length, book.asks.length));
        }
      },
  ),
  bug(
    'hands out the very book it keeps',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getOrderBook(symbol: string): OrderBook | undefined {
          return this.live(this.booksBySymbol.get(symbol));
        }
      },
  ),
  bug(
    'keeps the caller’s book',
    'subscribe/values-apart',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          return this.setLatest(this.booksBySymbol, book, this.expiry.orderBookMs);
        }
      },
  ),
  bug(
    'keeps books for as long as tickers',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          return this.setLatest(this.booksBySymbol, structuredClone(book), this.expiry.tickerMs);
        }
      },
  ),
  bug(
    'expires by the exchange’s time',
    'model/commands',
    (base) =>
      class extends base {
        protected override live<Value>(kept: Kept<Value> | undefined): Value | undefined {
          const value = super.live(kept);
          const timestamp: unknown = Reflect.get(value ?? {}, 'timestamp');
          const isOld = typeof timestamp === 'number' && timestamp + 30_000 <= this.clock.now();
          return isOld ? undefined : value;
        }
      },
  ),
  bug(
    'lives one millisecond too long',
    'model/commands',
    (base) =>
      class extends base {
        protected override live<Value>(kept: Kept<Value> | undefined): Value | undefined {
          return kept !== undefined && kept.expiresAt >= this.time.now() ? kept.value : undefined;
        }
      },
  ),
  bug(
    'prolongs the life of what is read',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getTicker(symbol: string): Ticker | undefined {
          const value = super._getTicker(symbol);
          const expiresAt = this.clock.now() + this.expiry.tickerMs;
          if (value !== undefined) this.tickersBySymbol.set(symbol, { value, expiresAt });
          return value;
        }
      },
  ),
  bug(
    'prolongs the life of a ticker by a stale one',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const result = super._setTicker(ticker);
          const kept = this.tickersBySymbol.get(ticker.symbol);
          const expiresAt = this.clock.now() + this.expiry.tickerMs;
          if (kept !== undefined) this.tickersBySymbol.set(ticker.symbol, { ...kept, expiresAt });
          return result;
        }
      },
  ),
  bug(
    'gives all trades of a symbol one life',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const added = super._appendTrades(symbol, trades);
          const expiresAt = this.clock.now() + this.expiry.tradesMs;
          const kept = this.tradesBySymbol.get(symbol) ?? [];
          this.tradesBySymbol.set(
            symbol,
            kept.map((one) => ({ ...one, expiresAt })),
          );
          return added;
        }
      },
  ),
  bug(
    'remembers the ids of expired trades',
    'model/commands',
    (base) =>
      class extends base {
        readonly #ids = new Set<string>();

        protected override hasTrade(kept: readonly KeptTrade[], trade: Trade): boolean {
          const isKnown = super.hasTrade(kept, trade) || this.#ids.has(trade.id);
          this.#ids.add(trade.id);
          return isKnown;
        }
      },
  ),
  bug(
    'never sweeps by itself',
    'expiry/sweeps',
    (base) =>
      class extends base {
        protected override async _open(): Promise<void> {}
      },
  ),
  bug(
    'sweeps what is live',
    'model/commands',
    (base) =>
      class extends base {
        protected override _sweep(): number {
          this.booksBySymbol.clear();
          return super._sweep();
        }
      },
  ),
  bug(
    'keeps trades twice',
    'model/commands',
    (base) =>
      class extends base {
        protected override hasTrade(): boolean {
          return false;
        }
      },
  ),
  bug(
    'takes ids for numbers',
    'model/commands',
    (base) =>
      class extends base {
        protected override hasTrade(kept: readonly KeptTrade[], { id }: Trade): boolean {
          return kept.some(({ value }) => value.id === id || Number(value.id) === Number(id));
        }
      },
  ),
  bug(
    'keeps ids as numbers',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string, read: CheckedTradeRead): Trade[] {
          const asNumber = (id: string): string =>
            Number.isNaN(Number(id)) ? id : `${Number(id)}`;
          return super
            ._recentTrades(symbol, read)
            .map((trade) => ({ ...trade, id: asNumber(trade.id) }));
        }
      },
  ),
  bug(
    'compares ids across symbols',
    'model/commands',
    (base) =>
      class extends base {
        protected override hasTrade(_kept: readonly KeptTrade[], trade: Trade): boolean {
          return [...this.tradesBySymbol.values()].some((kept) => super.hasTrade(kept, trade));
        }
      },
  ),
  bug(
    'lets a duplicate replace what was there',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const added = super._appendTrades(symbol, trades);
          const kept = this.tradesBySymbol.get(symbol) ?? [];
          const latest = new Map(trades.map((trade) => [trade.id, trade]));
          this.tradesBySymbol.set(
            symbol,
            kept.map((one) => ({ ...one, value: latest.get(one.value.id) ?? one.value })),
          );
          return added;
        }
      },
  ),
  bug(
    'reads trades in the order of arrival',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string, { limit }: CheckedTradeRead): Trade[] {
          return this.liveTrades(symbol)
            .map(({ value }) => value)
            .slice(-limit);
        }
      },
  ),
  bug(
    'orders equal timestamps by id',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string, read: CheckedTradeRead): Trade[] {
          return super
            ._recentTrades(symbol, read)
            .sort((a, b) => a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1));
        }
      },
  ),
  bug(
    'takes the first where the latest are asked for',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(
          symbol: string,
          { limit, since }: CheckedTradeRead,
        ): Trade[] {
          return super._recentTrades(symbol, { limit: Infinity, since }).slice(0, limit);
        }
      },
  ),
  bug(
    'limits before it looks at since',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(
          symbol: string,
          { limit, since }: CheckedTradeRead,
        ): Trade[] {
          const first = super
            ._recentTrades(symbol, { limit: Infinity, since: MIN_EPOCH_MS })
            .slice(0, limit * 3);
          return first.filter(({ timestamp }) => timestamp >= since).slice(-limit);
        }
      },
  ),
  bug(
    'leaves out trades exactly at since',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(
          symbol: string,
          { limit, since }: CheckedTradeRead,
        ): Trade[] {
          return super._recentTrades(symbol, { limit, since: since + 1 });
        }
      },
  ),
  bug(
    'keeps more trades than it declares',
    'model/commands',
    (base) =>
      class extends base {
        protected override admits(): boolean {
          return true;
        }
      },
  ),
  bug(
    'drops the newest trades to keep the bound',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const free = 60 - this.liveTrades(symbol).length;
          return super._appendTrades(symbol, trades.slice(0, Math.max(0, free)));
        }
      },
  ),
  bug(
    'leaves the ids of deleted trades',
    'model/commands',
    (base) =>
      class extends base {
        readonly #deleted: KeptTrade[] = [];

        protected override _deleteTrades(symbol: string): boolean {
          this.#deleted.push(...this.liveTrades(symbol));
          return super._deleteTrades(symbol);
        }
        protected override hasTrade(kept: readonly KeptTrade[], trade: Trade): boolean {
          return super.hasTrade([...kept, ...this.#deleted], trade);
        }
      },
  ),
  bug(
    'hands out the very trades it keeps',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string): Trade[] {
          return this.liveTrades(symbol).map(({ value }) => value);
        }
      },
  ),
  bug(
    'replays by timestamp',
    'model/commands',
    (base) =>
      class extends base {
        #newest = 0;

        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          const replay = super._replayTrades(symbol, after);
          const trades = replay.trades.filter(({ timestamp }) => timestamp > this.#newest);
          this.#newest = Math.max(0, ...trades.map(({ timestamp }) => timestamp));
          return { ...replay, trades };
        }
      },
  ),
  bug(
    'replays the last trade again',
    'model/commands',
    (base) =>
      class extends base {
        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          const replay = super._replayTrades(symbol, after);
          return { ...replay, cursor: `${this.incarnation}:${Math.max(0, this.arrivals - 1)}` };
        }
      },
  ),
  bug(
    'replays trades of every symbol',
    'model/commands',
    (base) =>
      class extends base {
        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          const replays = [symbol, ...this.tradesBySymbol.keys()].map((one) =>
            super._replayTrades(one, after),
          );
          return {
            ...super._replayTrades(symbol, after),
            trades: replays.flatMap(({ trades }) => trades),
          };
        }
      },
  ),
  bug(
    'hides gaps',
    'model/commands',
    (base) =>
      class extends base {
        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          return { ...super._replayTrades(symbol, after), gap: false };
        }
      },
  ),
  bug(
    'takes what has expired for seen',
    'model/commands',
    (base) =>
      class extends base {
        protected override liveTrades(symbol: string): KeptTrade[] {
          const lost = new Map(this.lost);
          const trades = super.liveTrades(symbol);
          this.lost = lost;
          return trades;
        }
      },
  ),
  bug(
    'forgets at delete what was not seen',
    'model/commands',
    (base) =>
      class extends base {
        protected override _deleteTrades(symbol: string): boolean {
          const wereThere = super._deleteTrades(symbol);
          this.lost.delete(symbol);
          return wereThere;
        }
      },
  ),
  bug(
    'takes a cursor from before a restart for its own',
    'lifecycle/own-data',
    (base) =>
      class extends base {
        protected override incarnation = '00000000-0000-0000-0000-000000000000';
      },
  ),
  bug(
    'reports a gap after every quiet time',
    'model/commands',
    (base) =>
      class extends base {
        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          const replay = super._replayTrades(symbol, after);
          return { ...replay, gap: after !== undefined && this.lost.has(symbol) };
        }
      },
  ),
  bug(
    'takes any cursor',
    'input/calls',
    (base) =>
      class extends base {
        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          return super._replayTrades(symbol, after?.includes(':') ? after : undefined);
        }
      },
  ),
  bug(
    'tells of stale values',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const result = super._setTicker(ticker);
          if (result === 'stale') this.publish({ type: 'ticker', ticker });
          return result;
        }
      },
  ),
  bug(
    'tells of trades that were there',
    'model/commands',
    (base) =>
      class extends base {
        protected override publish(event: RealtimeEvent): void {
          if (event.type === 'trades') {
            const trades = this.liveTrades(event.symbol).map(({ value }) => value);
            super.publish({ ...event, trades });
          } else super.publish(event);
        }
      },
  ),
  bug(
    'takes symbols of a selector for prefixes',
    'model/commands',
    (base) =>
      class extends base {
        override subscribe(
          selector: RealtimeSelector,
          listener: (event: RealtimeEvent) => void,
        ): () => void {
          return super.subscribe({ types: selector.types }, (event) => {
            const symbol: unknown = Object.values(event).flatMap(
              (part) => Reflect.get(Object(part), 'symbol') ?? [],
            )[0];
            const prefixes = selector.symbols ?? [''];
            if (
              prefixes.some((prefix) =>
                String(symbol ?? Reflect.get(event, 'symbol')).startsWith(prefix),
              )
            )
              listener(event);
          });
        }
      },
  ),
  bug(
    'takes empty lists of a selector for none',
    'model/commands',
    (base) =>
      class extends base {
        override subscribe(
          selector: RealtimeSelector,
          listener: (event: RealtimeEvent) => void,
        ): () => void {
          const { types, symbols } = selector;
          return super.subscribe(
            {
              types: types?.length === 0 ? undefined : types,
              symbols: symbols?.length === 0 ? undefined : symbols,
            },
            listener,
          );
        }
      },
  ),
  bug(
    'lets a listener break a write',
    'subscribe/throwing',
    (base) =>
      class extends base {
        readonly #direct = new Set<(event: RealtimeEvent) => void>();

        override subscribe(
          _selector: RealtimeSelector,
          listener: (event: RealtimeEvent) => void,
        ): () => void {
          this.#direct.add(listener);
          return () => this.#direct.delete(listener);
        }
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const result = super._setTicker(ticker);
          for (const listener of this.#direct) listener({ type: 'ticker', ticker });
          return result;
        }
      },
  ),
  bug(
    'has no bound of symbols',
    'bounds/tickers',
    (base) =>
      class extends base {
        protected override evict(): void {}
      },
  ),
  bug(
    'clears one kind only',
    'model/commands',
    (base) =>
      class extends base {
        protected override _clear(): void {
          this.tickersBySymbol.clear();
        }
      },
  ),
  bug('clears what others keep below', 'lifecycle/own-data', (base) => {
    const all: ReferenceRealtime[] = [];
    return class extends base {
      protected override _start(): void {
        all.push(this);
      }
      protected override _clear(): void {
        for (const one of all) Reflect.apply(super._clear, one, []);
      }
    };
  }),
  bug(
    'compares and writes in two steps',
    'sharing/at-once',
    (base) =>
      class extends base {
        protected override async _setTicker(ticker: Ticker): Promise<RealtimeWriteResult> {
          const before = this.tickersBySymbol.get(ticker.symbol)?.value;
          await Promise.resolve();
          if (before !== undefined && before.timestamp > ticker.timestamp) return 'stale';
          const expiresAt = this.clock.now() + this.expiry.tickerMs;
          this.tickersBySymbol.set(ticker.symbol, { value: ticker, expiresAt });
          return 'stored';
        }
      },
  ),
  bug(
    'ends lives by the wall clock',
    'expiry/tickers',
    (base) =>
      class extends base {
        protected override live<Value>(kept: Kept<Value> | undefined): Value | undefined {
          return kept !== undefined && kept.expiresAt > this.clock.now() ? kept.value : undefined;
        }
      },
  ),
  bug(
    'ends the lives of trades by the wall clock',
    'expiry/trades',
    (base) =>
      class extends base {
        protected override liveTrades(symbol: string): KeptTrade[] {
          const trades = this.tradesBySymbol.get(symbol) ?? [];
          return trades.filter(({ expiresAt }) => expiresAt > this.clock.now());
        }
      },
  ),
  bug(
    'ends lives that began while the clock was ahead when it is there again',
    'expiry/orderBooks',
    (base) =>
      class extends base {
        protected override setLatest<Value extends Ticker | OrderBook>(
          values: Map<string, Kept<Value>>,
          value: Value,
          lifeMs: number,
        ): RealtimeWriteResult {
          const aheadMs = this.clock.now() - this.time.now();
          return super.setLatest(values, value, lifeMs + Math.max(0, aheadMs));
        }
        protected override live<Value>(kept: Kept<Value> | undefined): Value | undefined {
          return kept !== undefined && kept.expiresAt > this.clock.now() ? kept.value : undefined;
        }
      },
  ),
  bug(
    'forgets everything when the clock is set back',
    'expiry/orderBooks',
    (base) =>
      class extends base {
        #last = 0;

        protected override live<Value>(kept: Kept<Value> | undefined): Value | undefined {
          const isBack = this.clock.now() < this.#last;
          this.#last = Math.max(this.#last, this.clock.now());
          return isBack ? undefined : super.live(kept);
        }
      },
  ),
  bug(
    'sweeps by the wall clock',
    'expiry/sweeps',
    (base) =>
      class extends base {
        protected override _sweep(): number {
          const now = this.clock.now();
          let removed = 0;
          for (const [symbol, { expiresAt }] of this.tickersBySymbol) {
            if (expiresAt <= now && this.tickersBySymbol.delete(symbol)) removed += 1;
          }
          return removed;
        }
      },
  ),
  bug(
    'is kept from storing by what has expired by a clock that was set back',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          const before = this.booksBySymbol.get(book.symbol);
          const isLive = before !== undefined && before.expiresAt > this.clock.now();
          if (isLive && before.value.timestamp > book.timestamp) return 'stale';
          return super._setOrderBook(book);
        }
      },
  ),
  bug(
    'lets the future keep out today',
    'model/commands',
    (base) =>
      class extends base {
        protected override isOlder(before: Ticker | OrderBook, value: Ticker | OrderBook): boolean {
          return before.timestamp > value.timestamp;
        }
      },
  ),
  bug(
    'has no order in the future',
    'model/commands',
    (base) =>
      class extends base {
        protected override isOlder(before: Ticker | OrderBook, value: Ticker | OrderBook): boolean {
          const isFuture = before.timestamp > this.clock.now() + this.maxAheadMs;
          return !isFuture && super.isOlder(before, value);
        }
      },
  ),
  bug(
    'drops the first to arrive',
    'model/commands',
    (base) =>
      class extends base {
        protected override admits(symbol: string, kept: KeptTrade[]): boolean {
          const [first] = kept;
          if (first !== undefined && kept.length === this.capabilities.maxTradesPerSymbol)
            this.lose(symbol, kept, first);
          return true;
        }
      },
  ),
  bug(
    'refuses what is older than the newest of a full symbol',
    'model/commands',
    (base) =>
      class extends base {
        protected override admits(symbol: string, kept: KeptTrade[], trade: Trade): boolean {
          const newest = Math.max(...kept.map(({ value }) => value.timestamp));
          const isFull = kept.length === this.capabilities.maxTradesPerSymbol;
          return (!isFull || trade.timestamp >= newest) && super.admits(symbol, kept, trade);
        }
      },
  ),
  bug(
    'says of a trade older than all that it was added',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const before = this.liveTrades(symbol);
          const fresh = trades.filter((trade) => !this.hasTrade(before, trade));
          super._appendTrades(symbol, trades);
          return fresh;
        }
      },
  ),
  bug(
    'reports a gap for every old page that comes again',
    'model/commands',
    (base) =>
      class extends base {
        protected override admits(symbol: string, kept: KeptTrade[], trade: Trade): boolean {
          const isAdmitted = super.admits(symbol, kept, trade);
          if (!isAdmitted) this.lost.set(symbol, this.arrivals);
          return isAdmitted;
        }
      },
  ),
  bug(
    'hides what it had no room for',
    'model/commands',
    (base) =>
      class extends base {
        protected override admits(symbol: string, kept: KeptTrade[], trade: Trade): boolean {
          const lost = this.lost.get(symbol);
          const isAdmitted = super.admits(symbol, kept, trade);
          if (!isAdmitted) this.lost.set(symbol, lost ?? 0);
          return isAdmitted;
        }
      },
  ),
  bug(
    'keeps the trades of the future and refuses those of today',
    'model/commands',
    (base) =>
      class extends base {
        protected override readonly maxAheadMs = Number.POSITIVE_INFINITY;
      },
  ),
  bug(
    'lets one foreign value fail a read of many',
    'damage/tickers',
    (base) =>
      class extends base {
        protected override isReadable(value: unknown): boolean {
          if (super.isReadable(value)) return true;
          throw new BarkeepError('CORRUPT', 'a foreign value');
        }
      },
  ),
  bug(
    'lets a foreign value refuse every write',
    'damage/orderBooks',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          const before = this.booksBySymbol.get(book.symbol)?.value;
          return typeof before === 'string' ? 'stale' : super._setOrderBook(book);
        }
      },
  ),
  bug(
    'hands out a foreign trade',
    'damage/trades',
    (base) =>
      class extends base {
        protected override readableTrades(symbol: string): KeptTrade[] {
          return this.liveTrades(symbol);
        }
      },
  ),
  bug(
    'does not count what it could not read',
    'damage/orderBooks',
    (base) =>
      class extends base {
        protected override countUnreadable(): void {}
      },
  ),
  bug(
    'forgets an append now and then',
    'model/commands',
    (base) =>
      class extends base {
        #appends = 0;

        protected override _clear(): void {
          this.#appends = 0;
          super._clear();
        }
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          this.#appends += 1;
          return this.#appends % 5 === 0 ? [...trades] : super._appendTrades(symbol, trades);
        }
      },
  ),
];
