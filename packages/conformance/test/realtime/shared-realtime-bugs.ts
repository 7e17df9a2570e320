import type { RealtimeHarness } from '@barkeep/conformance/realtime';
import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type { RealtimeEvent, RealtimeSelector, TradeReplay } from '@barkeep/realtime';
import {
  plantSharedBug as bug,
  type PlantedRealtimeBug,
  sharedHarness,
} from './plant-realtime-bug.ts';
import type { Kept, KeptTrade } from './reference-realtime.ts';

/** Mistakes of adapters that declare to share their values between processes. */
export const SHARED_REALTIME_BUGS: readonly PlantedRealtimeBug[] = [
  bug('shares values within its process only', 'sharing/processes', (base) => {
    const kept = new Map<string, Pick<Kept<Ticker>, never> & object>();
    return class extends base {
      protected override load(): void {
        Object.assign(this, kept.get(this.directory));
      }
      protected override save(): void {
        const { tickersBySymbol, booksBySymbol, tradesBySymbol, lost, lostUntil } = this;
        const maps = { tickersBySymbol, booksBySymbol, tradesBySymbol, lost, lostUntil };
        kept.set(this.directory, {
          ...maps,
          ...{ arrivals: this.arrivals, incarnation: this.incarnation },
        });
      }
    };
  }),
  bug('tells its own subscribers only', 'sharing/processes', (base) => {
    return class extends base {
      protected override announce(event: RealtimeEvent): void {
        this.publish(event);
      }
    };
  }),
  bug('tells the subscribers of its process only', 'sharing/processes', (base) => {
    const all: InstanceType<typeof base>[] = [];
    return class extends base {
      protected override _start(): void {
        all.push(this);
      }
      protected override announce(event: RealtimeEvent): void {
        const here = all.filter(
          (one) => one.state === 'open' && Reflect.get(one, 'directory') === this.directory,
        );
        for (const one of here) Reflect.apply(this.publish, one, [event]);
      }
    };
  }),
  bug(
    'tells its own subscribers twice',
    'model/commands',
    (base) =>
      class extends base {
        protected override announce(event: RealtimeEvent): void {
          super.announce(event);
          this.publish(event);
        }
      },
  ),
  bug(
    'tells of a ticker before it is there',
    'model/commands',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): ReturnType<InstanceType<typeof base>['_setTicker']> {
          const stored = this.live(this.tickersBySymbol.get(ticker.symbol));
          if (stored === undefined || !this.isOlder(stored, ticker)) {
            this.publish({ type: 'ticker', ticker });
          }
          return super._setTicker(ticker);
        }
        protected override announce(event: RealtimeEvent): void {
          if (event.type !== 'ticker') super.announce(event);
        }
      },
  ),
  bug(
    'answers from copies of tickers that others have replaced since',
    'model/shared',
    (base) =>
      class extends base {
        readonly #copies = new Map<string, Ticker>();

        protected override _getTicker(symbol: string): Ticker | undefined {
          const ticker = super._getTicker(symbol);
          if (ticker === undefined) return undefined;
          const copy = this.#copies.get(symbol) ?? ticker;
          this.#copies.set(symbol, copy);
          return copy;
        }
        protected override _setTicker(
          ticker: Ticker,
        ): ReturnType<InstanceType<typeof base>['_setTicker']> {
          this.#copies.delete(ticker.symbol);
          return super._setTicker(ticker);
        }
      },
  ),
  bug(
    'keeps copies of books that others have deleted',
    'model/shared',
    (base) =>
      class extends base {
        readonly #copies = new Map<string, OrderBook>();

        protected override _getOrderBook(symbol: string, depth: number): OrderBook | undefined {
          const book = super._getOrderBook(symbol, depth);
          if (book !== undefined) this.#copies.set(symbol, book);
          return book ?? this.#copies.get(symbol);
        }
        protected override _deleteOrderBook(symbol: string): boolean {
          this.#copies.delete(symbol);
          return super._deleteOrderBook(symbol);
        }
        protected override _clear(): void {
          this.#copies.clear();
          super._clear();
        }
        override subscribe(
          selector: RealtimeSelector,
          listener: (event: RealtimeEvent) => void,
        ): () => void {
          return super.subscribe(selector, listener);
        }
      },
  ),
  bug(
    'knows the ids of trades that it has added itself only',
    'sharing/processes',
    (base) =>
      class extends base {
        readonly #own = new Set<string>();

        protected override hasTrade(kept: readonly KeptTrade[], trade: Trade): boolean {
          return this.#own.has(trade.id) && super.hasTrade(kept, trade);
        }
        protected override _appendTrades(symbol: string, trades: readonly Trade[]): Trade[] {
          const added = super._appendTrades(symbol, trades);
          for (const { id } of added) this.#own.add(id);
          return added;
        }
      },
  ),
  bug(
    'takes the cursors of other handles for lost',
    'sharing/processes',
    (base) =>
      class extends base {
        readonly #mine = crypto.randomUUID();

        protected override _replayTrades(symbol: string, after: string | undefined): TradeReplay {
          const [owner, rest] = after?.split('/') ?? [];
          const replay = super._replayTrades(symbol, rest);
          const gap = replay.gap || (owner !== undefined && owner !== this.#mine);
          return { ...replay, gap, cursor: `${this.#mine}/${replay.cursor}` };
        }
      },
  ),
  bug(
    'empties what all share when it is closed',
    'model/shared',
    (base) =>
      class extends base {
        protected override _stop(): void {
          this._clear();
          super._stop();
        }
      },
  ),
  bug(
    'compares without a lock what several handles write',
    'sharing/at-once',
    (base) =>
      class extends base {
        protected override _setTicker(
          ticker: Ticker,
        ): ReturnType<InstanceType<typeof base>['_setTicker']> {
          const before = this.tickersBySymbol.get(ticker.symbol)?.value;
          return Promise.resolve().then(() =>
            this.exclusively(() => {
              if (before === undefined || before.timestamp <= ticker.timestamp) {
                this.tickersBySymbol.delete(ticker.symbol);
              }
              return super._setTicker(ticker);
            }),
          );
        }
      },
  ),
];

/** For the processes that the suite starts. */
export const harnesses: readonly RealtimeHarness[] = [
  sharedHarness(),
  ...SHARED_REALTIME_BUGS.map(({ harness }) => harness),
];
