import {
  identifyTrades,
  type OrderBook,
  type SeriesKey,
  seriesKeyText,
  type Ticker,
  type Trade,
  timeframeGrid,
} from '@barkeep/core';
import type {
  CandleStream,
  LiveCandle,
  MarketEvent,
  RouterConnection,
  RouterEvent,
} from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import type { Beginning } from './memory-router-harness.ts';

/** A mistake that routers have made or could make, and the scenario that must catch it. */
export interface PlantedRouterBug {
  readonly name: string;
  readonly caughtBy: string;
  readonly router: typeof MemoryRouter;
  readonly beginning: Beginning;
}

type Listener = (event: RouterEvent) => void;

export const PLANTED_ROUTER_BUGS: readonly PlantedRouterBug[] = [
  bug(
    'lets an older ticker replace a newer one',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #last = new Map<string, Ticker>();

      override send(event: MarketEvent): boolean {
        if (event.type === 'ticker') this.#last.set(event.ticker.symbol, event.ticker);
        return super.send(event);
      }
      override getTicker(symbol: string): Ticker | undefined {
        return this.#last.get(symbol);
      }
    },
  ),
  bug(
    'lets an older book replace a newer one',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #last = new Map<string, OrderBook>();

      override send(event: MarketEvent): boolean {
        if (event.type === 'orderBook') this.#last.set(event.book.symbol, event.book);
        return super.send(event);
      }
      override getOrderBook(symbol: string): OrderBook | undefined {
        return this.#last.get(symbol);
      }
    },
  ),
  bug(
    'lets an older state of a candle replace a newer one',
    'model/promises-kept',
    candlesBy((_, live) => live),
  ),
  bug(
    'keeps the first of two states with one asOf',
    'model/promises-kept',
    candlesBy((before, live) => (before !== undefined && before.asOf >= live.asOf ? before : live)),
  ),
  bug(
    'keeps trades twice',
    'model/promises-kept',
    tradesBy((trades) => trades),
  ),
  bug(
    'reads trades in the order of arrival',
    'model/promises-kept',
    tradesBy((trades) => [...new Map(trades.map((trade) => [trade.id, trade])).values()]),
  ),
  bug(
    'compares ids across symbols',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #ids = new Set<string>();

      override send(event: MarketEvent): boolean {
        if (event.type !== 'trades') return super.send(event);
        const trades = identifyTrades(event.trades).filter(({ id }) => !this.#ids.has(id));
        for (const { id } of trades) this.#ids.add(id);
        return super.send({ ...event, trades });
      }
    },
  ),
  bug(
    'keeps every trade',
    'model/promises-kept',
    class extends MemoryRouter {
      constructor(options: ConstructorParameters<typeof MemoryRouter>[0]) {
        super({ ...options, maxTrades: Number.POSITIVE_INFINITY });
      }
    },
  ),
  bug(
    'takes symbols for the same that differ in case or blanks',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #bySymbol = new Map<string, Ticker>();

      override send(event: MarketEvent): boolean {
        if (event.type === 'ticker') {
          this.#bySymbol.set(event.ticker.symbol.trim().toUpperCase(), event.ticker);
        }
        return super.send(event);
      }
      override getTicker(symbol: string): Ticker | undefined {
        return this.#bySymbol.get(symbol.trim().toUpperCase());
      }
    },
  ),
  bug(
    'keeps books in a plain object',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #books: Record<string, OrderBook> = {};

      override send(event: MarketEvent): boolean {
        if (event.type === 'orderBook') this.#books[event.book.symbol] = event.book;
        return super.send(event);
      }
      override getOrderBook(symbol: string): OrderBook | undefined {
        return this.#books[symbol];
      }
    },
  ),
  bug(
    'mixes up timeframes',
    'model/promises-kept',
    class extends MemoryRouter {
      override getCandles(key: SeriesKey): readonly LiveCandle[] {
        const timeframes = ['1m', '5m', '1h', '1d'] as const;
        return timeframes.flatMap((timeframe) => super.getCandles({ ...key, timeframe }));
      }
    },
  ),
  bug(
    'hands out its own array',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #own = new Map<string, Trade[]>();

      override send(event: MarketEvent): boolean {
        if (event.type === 'trades') this.#own.set(event.symbol, [...identifyTrades(event.trades)]);
        return super.send(event);
      }
      override getTrades(symbol: string): readonly Trade[] {
        return this.#own.get(symbol) ?? [];
      }
    },
  ),
  bug(
    'adds to the array it has handed out',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #own: Trade[] = [];

      override getTrades(symbol: string): readonly Trade[] {
        this.#own.splice(0, this.#own.length, ...super.getTrades(symbol));
        return this.#own;
      }
      override send(event: MarketEvent): boolean {
        const sent = super.send(event);
        if (event.type === 'trades') this.getTrades(event.symbol);
        return sent;
      }
    },
  ),
  bug(
    'lets whoever reads a ticker change it for all',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #copies = new WeakMap<Ticker, Ticker>();

      override getTicker(symbol: string): Ticker | undefined {
        const ticker = super.getTicker(symbol);
        if (ticker === undefined) return undefined;
        const copy = this.#copies.get(ticker) ?? { ...ticker };
        this.#copies.set(ticker, copy);
        return copy;
      }
    },
  ),
  bug(
    'lets whoever hears a ticker change it for all',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #told = new Map<string, Ticker>();

      override subscribe(listener: Listener): () => void {
        return super.subscribe((event) => {
          if (event.type !== 'ticker') return listener(event);
          const ticker = { ...event.ticker };
          this.#told.set(ticker.symbol, ticker);
          listener({ type: 'ticker', ticker });
        });
      }
      override getTicker(symbol: string): Ticker | undefined {
        const told = this.#told.get(symbol);
        return super.getTicker(symbol) && told && { ...told };
      }
    },
  ),
  bug(
    'lets the first of two states of a candle with one asOf stand',
    'values/latest',
    class extends MemoryRouter {
      readonly #asOf = new Map<string, number>();

      override send(event: MarketEvent): boolean {
        if (event.type !== 'candle') return super.send(event);
        const { key, candle, asOf } = event.live;
        const text = `${seriesKeyText(key)} ${candle.timestamp}`;
        const isFirst = this.#asOf.get(text) !== asOf;
        this.#asOf.set(text, asOf);
        return !isFirst || super.send(event);
      }
    },
  ),
  bug(
    'tells the book that it keeps',
    'model/promises-kept',
    class extends MemoryRouter {
      #book: OrderBook | undefined;

      override subscribe(listener: Listener): () => void {
        return super.subscribe((event) => {
          if (event.type !== 'orderBook') return listener(event);
          this.#book ??= structuredClone(event.book);
          listener({ ...event, book: this.#book });
        });
      }
      override getOrderBook(symbol: string): OrderBook | undefined {
        return super.getOrderBook(symbol) && this.#book;
      }
    },
  ),
  bug(
    'loses an event after a reconnect',
    'model/promises-kept',
    class extends MemoryRouter {
      #connections = 0;
      #losing = false;

      override connect(options?: Parameters<MemoryRouter['connect']>[0]): void {
        super.connect(options);
        this.#connections += 1;
        this.#losing = this.#connections > 1;
      }
      override send(event: MarketEvent): boolean {
        if (!this.#losing) return super.send(event);
        this.#losing = false;
        return true;
      }
    },
  ),
  bug(
    'listens to the connection before the last',
    'model/promises-kept',
    class extends MemoryRouter {
      #isFirst = true;

      override drop(options?: Parameters<MemoryRouter['drop']>[0]): void {
        this.#isFirst = false;
        super.drop(options);
      }
      override send(event: MarketEvent): boolean {
        return this.#isFirst && super.send(event);
      }
    },
  ),
  bug(
    'promises the period under way without the state of its candle',
    'model/promises-kept',
    class extends MemoryRouter {
      #promised = false;

      override promise(key: SeriesKey, since?: number): void {
        super.promise(key, since);
        this.#promised = true;
      }
      override send(event: MarketEvent): boolean {
        const isSnapshot =
          this.#promised && event.type === 'candle' && event.live.candle.volume > 0.5;
        this.#promised = false;
        return isSnapshot || super.send(event);
      }
    },
  ),
  bug(
    'keeps promising during an outage',
    'model/promises-kept',
    class extends MemoryRouter {
      #before: readonly CandleStream[] = [];

      override drop(options?: Parameters<MemoryRouter['drop']>[0]): void {
        this.#before = super.streams;
        super.drop(options);
      }
      override get streams(): readonly CandleStream[] {
        return this.connection.status === 'reconnecting' ? this.#before : super.streams;
      }
    },
  ),
  bug('promises too early after a reconnect', 'model/promises-kept', withStreams(firstSince())),
  bug(
    'promises too late',
    'model/promises-kept',
    withStreams(({ key, since }) => ({
      key,
      since: timeframeGrid(key.timeframe).shift(since, 2),
    })),
  ),
  bug(
    'begins weeks on Thursday',
    'model/promises-kept',
    withStreams(({ key, since }) => {
      const weekMs = 7 * 86_400_000;
      if (key.timeframe !== '1w') return { key, since };
      return { key, since: Math.floor(since / weekMs + 1) * weekMs };
    }),
  ),
  bug(
    'promises a series twice',
    'model/promises-kept',
    class extends MemoryRouter {
      override get streams(): readonly CandleStream[] {
        return [...super.streams, ...super.streams.slice(-1)];
      }
    },
  ),
  bug(
    'goes on promising after it was closed',
    'model/promises-kept',
    class extends MemoryRouter {
      #before: readonly CandleStream[] = [];

      override close(): void {
        this.#before = super.streams;
        super.close();
      }
      override get streams(): readonly CandleStream[] {
        return this.connection.status === 'closed' ? this.#before : super.streams;
      }
    },
  ),
  bug(
    'ends a promise without a word',
    'model/promises-kept',
    telling((event) => (event.type === 'streamEnded' ? [] : [event])),
  ),
  bug(
    'tells the promise before the connection',
    'model/promises-kept',
    class extends MemoryRouter {
      override subscribe(listener: Listener): () => void {
        let held: RouterEvent | undefined;
        return super.subscribe((event) => {
          if (event.type === 'connection' && event.connection.status === 'connected') held = event;
          else listener(event);
          if (event.type !== 'stream' || held === undefined) return;
          listener(held);
          held = undefined;
        });
      }
    },
  ),
  bug(
    'says of a lost connection when that was noticed',
    'model/promises-kept',
    class extends MemoryRouter {
      override drop(): void {
        super.drop();
      }
    },
  ),
  bug(
    'says of a lost connection when it was made',
    'model/promises-kept',
    class extends MemoryRouter {
      override drop(): void {
        super.drop({ lastSeen: this.connection.since });
      }
    },
  ),
  bug(
    'says of a closed connection when it was closed',
    'model/promises-kept',
    class extends MemoryRouter {
      override close(): void {
        this.alive();
        super.close();
      }
    },
  ),
  bug(
    'takes the time for a sign of life',
    'model/promises-kept',
    class extends MemoryRouter {
      override get lastSeen(): number {
        return this.clock.now();
      }
    },
  ),
  bug(
    'was last seen when it was connected',
    'model/promises-kept',
    class extends MemoryRouter {
      override get lastSeen(): number {
        return this.connection.since;
      }
    },
  ),
  bug(
    'keeps the ticker of before an outage',
    'model/promises-kept',
    class extends MemoryRouter {
      #last: Ticker | undefined;

      override getTicker(symbol: string): Ticker | undefined {
        this.#last = super.getTicker(symbol) ?? this.#last;
        return this.#last;
      }
      override drop(options?: Parameters<MemoryRouter['drop']>[0]): void {
        this.getTicker('KRW-BTC');
        super.drop(options);
      }
    },
  ),
  bug(
    'does not tell that the connection was lost',
    'model/promises-kept',
    telling((event) => {
      return event.type === 'connection' && event.connection.status === 'reconnecting'
        ? []
        : [event];
    }),
  ),
  bug(
    'begins as connected',
    'model/promises-kept',
    withConnection((it) => ({ ...it, status: 'connected' })),
  ),
  bug(
    'says since when it was first connected',
    'model/promises-kept',
    class extends MemoryRouter {
      #first: number | undefined;

      override get connection(): RouterConnection {
        const { status, since } = super.connection;
        if (status === 'connected') this.#first ??= since;
        return { status, since: this.#first ?? since };
      }
    },
  ),
  bug(
    'does not tell that it was closed',
    'model/promises-kept',
    telling((event) => {
      return event.type === 'connection' && event.connection.status === 'closed' ? [] : [event];
    }),
  ),
  bug(
    'claims the outage when it is closed',
    'model/promises-kept',
    withConnection((it) => (it.status === 'closed' ? { ...it, since: it.since + 3_600_000 } : it)),
  ),
  bug(
    'tells before it keeps',
    'subscribe/everyone',
    class extends MemoryRouter {
      #isSending = false;

      override send(event: MarketEvent): boolean {
        this.#isSending = true;
        const sent = super.send(event);
        this.#isSending = false;
        return sent;
      }
      override getTicker(symbol: string): Ticker | undefined {
        return this.#isSending ? undefined : super.getTicker(symbol);
      }
    },
  ),
  bug(
    'tells new subscribers what came before',
    'subscribe/everyone',
    class extends MemoryRouter {
      #last: RouterEvent | undefined;

      override send(event: MarketEvent): boolean {
        this.#last = event;
        return super.send(event);
      }
      override subscribe(listener: Listener): () => void {
        if (this.#last !== undefined) listener(this.#last);
        return super.subscribe(listener);
      }
    },
  ),
  bug(
    'takes one function for one subscriber',
    'subscribe/everyone',
    class extends MemoryRouter {
      readonly #known = new Set<Listener>();

      override subscribe(listener: Listener): () => void {
        if (this.#known.has(listener)) return () => undefined;
        this.#known.add(listener);
        return super.subscribe(listener);
      }
    },
  ),
  bug(
    'lets a subscriber that throws keep others from hearing',
    'subscribe/everyone',
    class extends MemoryRouter {
      readonly #all = new Set<Listener>();

      override subscribe(listener: Listener): () => void {
        if (this.#all.size === 0) super.subscribe((event) => this.#tellAll(event));
        this.#all.add(listener);
        return () => void this.#all.delete(listener);
      }
      #tellAll(event: RouterEvent): void {
        for (const listener of this.#all) listener(event);
      }
    },
  ),
  bug(
    'keeps telling those who took themselves off',
    'subscribe/everyone',
    class extends MemoryRouter {
      override subscribe(listener: Listener): () => void {
        super.subscribe(listener);
        return () => undefined;
      }
    },
  ),
  bug(
    'tells times in seconds',
    'model/promises-kept',
    telling((event) => {
      return event.type === 'streamEnded'
        ? [{ ...event, at: Math.floor(event.at / 1_000) }]
        : [event];
    }),
  ),
  bug(
    'adds up the volumes of a candle’s states',
    'model/promises-kept',
    telling((event) => {
      if (event.type !== 'candle') return [event];
      const { candle } = event.live;
      return [
        { ...event, live: { ...event.live, candle: { ...candle, volume: candle.volume + 1 } } },
      ];
    }),
  ),
  bug(
    'reports a loss no earlier than the end of a stream that it has reported',
    'model/promises-kept',
    class extends MemoryRouter {
      #endedAt = 0;

      override endStream(key: SeriesKey): void {
        this.#endedAt = this.clock.now();
        super.endStream(key, this.#endedAt);
      }
      override drop({ lastSeen = 0 }: { readonly lastSeen?: number | undefined } = {}): void {
        super.drop({ lastSeen: Math.max(lastSeen, this.#endedAt) });
      }
    },
  ),
  bug(
    'believes the last sign of life of a clock that was ahead',
    'clock/steps',
    class extends MemoryRouter {
      #latest = 0;

      override get lastSeen(): number {
        this.#latest = Math.max(this.#latest, super.lastSeen ?? 0);
        return Math.min(this.clock.now(), this.#latest);
      }
    },
  ),
  bug(
    'takes a value of next year for the latest',
    'values/latest',
    class extends MemoryRouter {
      constructor(options: ConstructorParameters<typeof MemoryRouter>[0]) {
        super({ ...options, maxAheadMs: Number.MAX_SAFE_INTEGER });
      }
    },
  ),
  bug(
    'drops the last state of a candle when the next one has begun',
    'model/promises-kept',
    tellingLatestCandles(),
  ),
  bug(
    'takes a short outage for none',
    'model/promises-kept',
    class extends MemoryRouter {
      override drop(options: { readonly lastSeen?: number | undefined } = {}): void {
        if (this.clock.now() - (options.lastSeen ?? 0) > 10_000) super.drop(options);
      }
      override connect(options?: Parameters<MemoryRouter['connect']>[0]): void {
        if (this.connection.status !== 'connected') super.connect(options);
      }
    },
  ),
  bug(
    'promises the period under way, of whose candle it was not sent the state',
    'model/promises-kept',
    class extends MemoryRouter {
      override promise(key: SeriesKey): void {
        super.promise(key, timeframeGrid(key.timeframe).floor(this.clock.now()));
      }
    },
    'next-period',
  ),
  bug(
    'tells at most one state of a candle in ten seconds',
    'model/promises-kept',
    class extends MemoryRouter {
      override subscribe(listener: Listener): () => void {
        const toldAt = new Map<string, number>();
        return super.subscribe((event) => {
          if (event.type === 'candle') {
            const { key, candle } = event.live;
            const text = `${seriesKeyText(key)} ${candle.timestamp}`;
            if (this.clock.now() - (toldAt.get(text) ?? 0) < 10_000) return;
            toldAt.set(text, this.clock.now());
          }
          listener(event);
        });
      }
    },
  ),
  bug(
    'promises at most a hundred series',
    'sizes/series',
    class extends MemoryRouter {
      override promise(key: SeriesKey, since?: number): void {
        if (this.streams.length < 100) super.promise(key, since);
      }
    },
  ),
  bug(
    'takes both Unicode forms of a symbol for one',
    'model/promises-kept',
    class extends MemoryRouter {
      override send(event: MarketEvent): boolean {
        if (event.type !== 'ticker') return super.send(event);
        const symbol = event.ticker.symbol.normalize('NFC');
        return super.send({ ...event, ticker: { ...event.ticker, symbol } });
      }
      override getTicker(symbol: string): Ticker | undefined {
        return super.getTicker(symbol.normalize('NFC'));
      }
    },
  ),
  bug(
    'knows the last ten trades only when one is repeated',
    'model/promises-kept',
    tradesBy(withoutRepeatsNearby),
  ),
  bug(
    'lets an old page push newer trades out',
    'model/promises-kept',
    tradesBy((all) => {
      const ids = [...new Map(all.map((trade) => [trade.id, trade])).values()];
      return ids.slice(-50).sort((a, b) => a.timestamp - b.timestamp);
    }),
  ),
  bug(
    'remembers the ids of trades across an outage',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #ids = new Set<string>();

      override send(event: MarketEvent): boolean {
        if (event.type !== 'trades') return super.send(event);
        const { symbol } = event;
        const trades = event.trades.filter(({ id }) => !this.#ids.has(`${symbol} ${id}`));
        for (const { id } of trades) this.#ids.add(`${symbol} ${id}`);
        return trades.length === 0 || super.send({ ...event, trades });
      }
    },
  ),
  bug(
    'keeps the required fields of a ticker only',
    'model/promises-kept',
    class extends MemoryRouter {
      override getTicker(symbol: string): Ticker | undefined {
        const ticker = super.getTicker(symbol);
        const { timestamp = 0, price = 0 } = ticker ?? {};
        return ticker && { symbol, timestamp, price };
      }
    },
  ),
  bug(
    'keeps five levels of a book',
    'model/promises-kept',
    class extends MemoryRouter {
      override getOrderBook(symbol: string): OrderBook | undefined {
        const book = super.getOrderBook(symbol);
        return book && { ...book, bids: book.bids.slice(0, 5), asks: book.asks.slice(0, 5) };
      }
    },
  ),
  bug(
    'drops books with an empty side',
    'model/promises-kept',
    class extends MemoryRouter {
      override send(event: MarketEvent): boolean {
        return (event.type === 'orderBook' && event.book.asks.length === 0) || super.send(event);
      }
    },
  ),
  bug(
    'skips the subscriber after one that takes itself off',
    'subscribe/everyone',
    class extends MemoryRouter {
      readonly #all: Listener[] = [];

      override subscribe(listener: Listener): () => void {
        if (this.#all.length === 0) super.subscribe((event) => this.#tellAll(event));
        this.#all.push(listener);
        return () => {
          const at = this.#all.indexOf(listener);
          if (at >= 0) this.#all.splice(at, 1);
        };
      }
      #tellAll(event: RouterEvent): void {
        for (let i = 0; i < this.#all.length; i += 1) this.#all[i]?.(event);
      }
    },
  ),
  bug(
    'promises nothing after the third connection',
    'model/promises-kept',
    class extends MemoryRouter {
      #connections = 0;

      override connect(options?: Parameters<MemoryRouter['connect']>[0]): void {
        this.#connections += 1;
        super.connect(options);
      }
      override promise(key: SeriesKey, since?: number): void {
        if (this.#connections < 3) super.promise(key, since);
      }
    },
  ),
  bug(
    'says of every outage when the first one began',
    'model/promises-kept',
    class extends MemoryRouter {
      #first: number | undefined;

      override get connection(): RouterConnection {
        const { status, since } = super.connection;
        if (status !== 'reconnecting') return { status, since };
        this.#first ??= since;
        return { status, since: this.#first };
      }
    },
  ),
  bug(
    'promises after a reconnect what has ended before',
    'model/promises-kept',
    class extends MemoryRouter {
      readonly #ended = new Map<string, SeriesKey>();

      override endStream(key: SeriesKey): void {
        this.#ended.set(seriesKeyText(key), key);
        super.endStream(key);
      }
      override connect(options?: Parameters<MemoryRouter['connect']>[0]): void {
        super.connect(options);
        for (const key of this.#ended.values()) this.promise(key);
      }
    },
  ),
  bug(
    'stamps a state of a candle with the time at which it came',
    'model/promises-kept',
    class extends MemoryRouter {
      override send(event: MarketEvent): boolean {
        if (event.type !== 'candle') return super.send(event);
        return super.send({ ...event, live: { ...event.live, asOf: this.clock.now() } });
      }
    },
  ),
];

function bug(
  name: string,
  caughtBy: string,
  router: typeof MemoryRouter,
  beginning: Beginning = 'snapshot',
): PlantedRouterBug {
  return { name, caughtBy: `router/${caughtBy}`, router, beginning };
}

/** Tells other events than it should. */
function telling(change: (event: RouterEvent) => readonly RouterEvent[]): typeof MemoryRouter {
  return class extends MemoryRouter {
    override subscribe(listener: Listener): () => void {
      return super.subscribe((event) => {
        for (const one of change(event)) listener(one);
      });
    }
  };
}

function withConnection(
  change: (connection: RouterConnection) => RouterConnection,
): typeof MemoryRouter {
  return class extends MemoryRouter {
    override get connection(): RouterConnection {
      return change(super.connection);
    }
  };
}

/** Promises other stretches than it should. */
function withStreams(change: (stream: CandleStream) => CandleStream): typeof MemoryRouter {
  return class extends MemoryRouter {
    override get streams(): readonly CandleStream[] {
      return super.streams.map(change);
    }
    override subscribe(listener: Listener): () => void {
      return super.subscribe((event) => {
        listener(event.type === 'stream' ? { ...event, stream: change(event.stream) } : event);
      });
    }
  };
}

function firstSince(): (stream: CandleStream) => CandleStream {
  let first: number | undefined;
  return ({ key, since }) => {
    first ??= since;
    return { key, since: first };
  };
}

/** Keeps of each candle another state than it should. */
function candlesBy(
  choose: (before: LiveCandle | undefined, live: LiveCandle) => LiveCandle,
): typeof MemoryRouter {
  return class extends MemoryRouter {
    #kept: LiveCandle | undefined;

    override send(event: MarketEvent): boolean {
      if (event.type === 'candle') this.#kept = choose(this.#kept, event.live);
      return super.send(event);
    }
    override getCandles(): readonly LiveCandle[] {
      return this.#kept === undefined ? [] : [this.#kept];
    }
  };
}

/** Reads other trades of a symbol than it should, of all that came over the connection. */
function tradesBy(read: (all: readonly Trade[]) => readonly Trade[]): typeof MemoryRouter {
  return class extends MemoryRouter {
    readonly #all = new Map<string, readonly Trade[]>();

    override connect(options?: Parameters<MemoryRouter['connect']>[0]): void {
      this.#all.clear();
      super.connect(options);
    }
    override send(event: MarketEvent): boolean {
      if (event.type === 'trades') {
        this.#all.set(event.symbol, [
          ...(this.#all.get(event.symbol) ?? []),
          ...identifyTrades(event.trades),
        ]);
      }
      return super.send(event);
    }
    override getTrades(symbol: string): readonly Trade[] {
      return read(this.#all.get(symbol) ?? []);
    }
  };
}

/** Tells no state of a candle when one of a later candle was told. */
function tellingLatestCandles(): typeof MemoryRouter {
  return class extends MemoryRouter {
    override subscribe(listener: Listener): () => void {
      const latest = new Map<string, number>();
      return super.subscribe((event) => {
        if (event.type === 'candle') {
          const text = seriesKeyText(event.live.key);
          const { timestamp } = event.live.candle;
          if (timestamp < (latest.get(text) ?? 0)) return;
          latest.set(text, timestamp);
        }
        listener(event);
      });
    }
  };
}

function withoutRepeatsNearby(all: readonly Trade[]): readonly Trade[] {
  const kept: Trade[] = [];
  for (const trade of all) {
    if (!kept.slice(-10).some(({ id }) => id === trade.id)) kept.push(trade);
  }
  return kept.sort((a, b) => a.timestamp - b.timestamp);
}
