import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type {
  CheckedTradeRead,
  RealtimeEvent,
  RealtimeSelector,
  RealtimeWriteResult,
  TradeReplay,
} from '@barkeep/realtime';
import { plantBug as bug, type PlantedRealtimeBug } from './plant-realtime-bug.ts';
import type { Kept, KeptTrade } from './reference-realtime.ts';

const ROOMY = { maxTradesPerSymbol: 1_500 };

/** Mistakes that suites have let pass: sizes, names, fields mixed up, pieces, events. */
export const UNCOVERED_REALTIME_BUGS: readonly PlantedRealtimeBug[] = [
  bug(
    'takes both Unicode forms of a symbol for one',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          return super._setTicker({ ...ticker, symbol: ticker.symbol.normalize() });
        }
        protected override _getTicker(symbol: string): Ticker | undefined {
          const ticker = super._getTicker(symbol.normalize());
          return ticker && { ...ticker, symbol };
        }
        protected override _deleteTicker(symbol: string): boolean {
          return super._deleteTicker(symbol.normalize());
        }
      },
  ),
  bug(
    'takes both Unicode forms of a trade’s id for one',
    'model/commands',
    (base) =>
      class extends base {
        protected override hasTrade(kept: readonly KeptTrade[], { id }: Trade): boolean {
          return kept.some(({ value }) => value.id.normalize() === id.normalize());
        }
      },
  ),
  bug(
    'cuts the names of books at 255 characters',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          return super._setOrderBook({ ...book, symbol: book.symbol.slice(0, 255) });
        }
        protected override _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
          const book = super._getOrderBook(symbol.slice(0, 255), depth);
          return book && { ...book, symbol };
        }
        protected override _deleteOrderBook(symbol: string): boolean {
          return super._deleteOrderBook(symbol.slice(0, 255));
        }
      },
  ),
  bug(
    'tells trades apart by symbol and id joined by a colon',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const all = [...this.tradesBySymbol].flatMap(([name, kept]) =>
            kept.map(({ value }) => `${name}:${value.id}`),
          );
          const fresh = trades.filter(({ id }) => !all.includes(`${symbol}:${id}`));
          return super._appendTrades(symbol, fresh);
        }
      },
  ),
  bug(
    'deletes the tickers of symbols that a pattern matches',
    'model/commands',
    (base) =>
      class extends base {
        protected override _deleteTicker(symbol: string): boolean {
          if (symbol.endsWith('*')) {
            for (const one of this.tickersBySymbol.keys()) {
              if (one.startsWith(symbol.slice(0, -1))) super._deleteTicker(one);
            }
          }
          return super._deleteTicker(symbol);
        }
      },
  ),
  bug(
    'mixes up bid and ask of a ticker that has both',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const { bid, ask } = ticker;
          return super._setTicker(
            bid === undefined || ask === undefined ? ticker : { ...ticker, bid: ask, ask: bid },
          );
        }
      },
  ),
  bug(
    'drops fields of a ticker that are 0',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const kept = Object.entries(ticker).filter(
            ([name, value]) => value !== 0 || name === 'price',
          );
          return super._setTicker(Object.fromEntries(kept) as unknown as Ticker);
        }
      },
  ),
  bug(
    'keeps the sizes of asks in single precision',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          const asks = book.asks.map(({ price, size }) => ({ price, size: Math.fround(size) }));
          return super._setOrderBook({ ...book, asks });
        }
      },
  ),
  bug(
    'takes a trade of size 0 for a buy',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(symbol: string, read: CheckedTradeRead): Trade[] {
          return super
            ._recentTrades(symbol, read)
            .map((trade) => (trade.size > 0 ? trade : { ...trade, side: 'buy' }));
        }
      },
  ),
  bug(
    'appends no more than 256 trades of a call',
    'model/commands',
    (base) =>
      class extends base {
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          super._appendTrades(symbol, trades.slice(0, 256));
          return [...trades];
        }
      },
    ROOMY,
  ),
  bug(
    'reads no more than 1,000 trades',
    'model/commands',
    (base) =>
      class extends base {
        protected override _recentTrades(
          symbol: string,
          { limit, since }: CheckedTradeRead,
        ): Trade[] {
          return super._recentTrades(symbol, { limit: Math.min(limit, 1_000), since });
        }
      },
    ROOMY,
  ),
  bug(
    'replays no more than 256 trades, and takes the rest for seen',
    'model/commands',
    (base) =>
      class extends base {
        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          const replay = super._replayTrades(symbol, after);
          return { ...replay, trades: replay.trades.slice(0, 256) };
        }
      },
    ROOMY,
  ),
  bug(
    'answers for 1,000 symbols at most',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getTickers(
          symbols: readonly string[],
        ): readonly (Ticker | undefined)[] {
          return symbols.map((symbol, i) => (i < 1_000 ? this._getTicker(symbol) : undefined));
        }
      },
  ),
  bug(
    'answers a symbol that is asked for twice once',
    'model/commands',
    (base) =>
      class extends base {
        protected override _getOrderBooks(
          symbols: readonly string[],
          depth: number,
        ): readonly (OrderBook | undefined)[] {
          return symbols.map((symbol, i) =>
            symbols.indexOf(symbol) === i ? this._getOrderBook(symbol, depth) : undefined,
          );
        }
      },
  ),
  bug(
    'keeps 512 levels of a side',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          return super._setOrderBook({ ...book, bids: book.bids.slice(0, 512) });
        }
      },
  ),
  bug(
    'keeps fewer trades than it declares',
    'model/commands',
    (base) =>
      class extends base {
        protected override admits(symbol: string, kept: KeptTrade[], trade: Trade): boolean {
          const [first] = kept;
          if (first !== undefined && kept.length >= 40) this.lose(symbol, kept, first);
          return super.admits(symbol, kept, trade);
        }
      },
  ),
  bug(
    'keeps fewer symbols than it declares',
    'bounds/tickers',
    (base) =>
      class extends base {
        protected override evict(values: Map<string, unknown>): void {
          const [oldest] = values.keys();
          if (oldest !== undefined && values.size > 101) values.delete(oldest);
          super.evict(values);
        }
      },
  ),
  bug(
    'leaves the first half of an append that fails below',
    'faults/writes',
    (base) =>
      class extends base {
        protected override useBelow(): void {}

        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const half = this.isFailing ? Math.ceil(trades.length / 2) : trades.length;
          const added = super._appendTrades(symbol, trades.slice(0, half));
          super.useBelow();
          return added;
        }
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          super.useBelow();
          return super._setTicker(ticker);
        }
      },
  ),
  bug(
    'says stored of a ticker that was refused below',
    'faults/writes',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          return this.isFailing ? 'stored' : super._setTicker(ticker);
        }
      },
  ),
  bug(
    'tells nothing of a value that equals the one before',
    'model/commands',
    (base) =>
      class extends base {
        #last = '';

        protected override publish(event: RealtimeEvent): void {
          const text = JSON.stringify(event);
          if (text !== this.#last) super.publish(event);
          this.#last = text;
        }
      },
  ),
  bug(
    'does not prolong the life of a ticker that is set again',
    'expiry/tickers',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): RealtimeWriteResult | Promise<RealtimeWriteResult> {
          const before = this.live(this.tickersBySymbol.get(ticker.symbol));
          const isSame = JSON.stringify(before) === JSON.stringify(ticker);
          return isSame ? 'stored' : super._setTicker(ticker);
        }
      },
  ),
  bug(
    'ends all subscriptions of a listener at once',
    'subscribe/listeners',
    (base) =>
      class extends base {
        readonly #all = new Map<object, (() => void)[]>();

        override subscribe(
          selector: RealtimeSelector,
          listener: (event: RealtimeEvent) => void,
        ): () => void {
          const ends = this.#all.get(listener) ?? [];
          this.#all.set(listener, ends);
          ends.push(super.subscribe(selector, listener));
          return () => {
            for (const end of ends) end();
          };
        }
      },
  ),
  bug(
    'tells each trade of a call by itself and loses all beyond a hundred',
    'model/commands',
    (base) =>
      class extends base {
        protected override publish(event: RealtimeEvent): void {
          if (event.type !== 'trades') super.publish(event);
          else {
            for (const trade of event.trades.slice(0, 100)) {
              super.publish({ ...event, trades: [trade] });
            }
          }
        }
      },
  ),
  bug(
    'counts arrivals anew after a clear',
    'model/commands',
    (base) =>
      class extends base {
        protected override _clear(): void {
          super._clear();
          this.arrivals = 0;
          this.lost.clear();
        }
      },
  ),
  bug(
    'drops the trades of a symbol together with its expired book',
    'model/commands',
    (base) =>
      class extends base {
        protected override _sweep(): number {
          for (const [symbol, { expiresAt }] of this.booksBySymbol) {
            if (expiresAt <= this.now()) this._deleteTrades(symbol);
          }
          return super._sweep();
        }
      },
  ),
  bug('shares the trades of all its instances', 'lifecycle/own-data', (base) => {
    const shared = new Map<string, KeptTrade[]>();
    return class extends base {
      protected override tradesBySymbol = shared;
    };
  }),
  bug(
    'counts what it removed as still there',
    'model/commands',
    (base) =>
      class extends base {
        #books = 0;

        protected override _setOrderBook(book: OrderBook): RealtimeWriteResult {
          this.#books = Math.max(this.#books, this.booksBySymbol.size + 1);
          return super._setOrderBook(book);
        }
        protected override _usage(): ReturnType<InstanceType<typeof base>['_usage']> {
          return { ...super._usage(), orderBooks: this.#books };
        }
      },
  ),
  bug(
    'answers the ticker of another symbol that hashes alike',
    'model/commands',
    (base) =>
      class extends base {
        protected override live<Value>(kept: Kept<Value> | undefined): Value | undefined {
          return super.live(kept);
        }
        protected override _getTickers(
          symbols: readonly string[],
        ): readonly (Ticker | undefined)[] {
          const byLength = new Map(
            symbols.map((symbol) => [symbol.length, this._getTicker(symbol)]),
          );
          return symbols.map((symbol) => byLength.get(symbol.length));
        }
      },
  ),
  bug(
    'reports no bytes',
    'expiry/sweeps',
    (base) =>
      class extends base {
        protected override _usage(): ReturnType<InstanceType<typeof base>['_usage']> {
          return { ...super._usage(), bytes: 0 };
        }
      },
  ),
  bug(
    'takes subscribers that nobody will tell anything',
    'lifecycle/subscribe',
    (base) =>
      class extends base {
        override subscribe(
          selector: RealtimeSelector,
          listener: (event: RealtimeEvent) => void,
        ): () => void {
          return this.state === 'open' ? super.subscribe(selector, listener) : () => undefined;
        }
      },
  ),
  bug(
    'lets readers see a half of an append',
    'sharing/at-once',
    (base) =>
      class extends base {
        #pending: Trade | undefined;

        protected override _recentTrades(symbol: string, read: CheckedTradeRead): Trade[] {
          const trades = super._recentTrades(symbol, read);
          return trades.filter((trade) => trade.id !== this.#pending?.id);
        }
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const added = super._appendTrades(symbol, trades);
          this.#pending = added.at(-1);
          setTimeout(() => {
            this.#pending = undefined;
          }, 0);
          return added;
        }
      },
  ),
];
