import type { OrderBook, Ticker, Trade } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent } from '@barkeep/realtime';
import { assertDefined, assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import type { Patience } from '../patience.ts';
import type { RealtimeContext } from '../realtime-scenario.ts';
import { sampleBook, sampleTicker, sampleTrade } from '../sample-market.ts';
import { greet } from './greeting.ts';
import { ModelListener } from './model-listener.ts';
import type { ModelPage, ModelTime, RealtimeCommand, RealtimeWorld } from './realtime-command.ts';
import { RealtimeModel } from './realtime-model.ts';

const START = Date.UTC(2024, 0, 1);
/** Further ahead than a run moves the clock. */
const AHEAD_MS = 48 * 3_600_000;
const BELIEVED_MS = 600_000;
/** The most trades of a call that are stored and told as one. */
const TRADES_OF_ONE_STEP = 256;

interface Cursor {
  readonly cursor: string;
  readonly arrivals: number;
}

/** Takes a cache and the model through the same commands, and compares what they answer and tell. */
export class RealtimeModelRun {
  readonly #context: RealtimeContext;
  readonly #handles: IRealtimeCache[];
  readonly #symbols: readonly string[];
  readonly #model: RealtimeModel;
  readonly #ahead: number;
  readonly #cursors = new Map<string, Cursor>();
  /** One that hears everything on each handle, and at most one that is choosy. */
  #listeners: ModelListener[] = [];
  #choosy: ModelListener | undefined;
  readonly #patience: Patience;
  /** Whether nobody may see a part of the latest append. */
  #isOneStep = true;
  #lastWrite: (what: string) => Promise<void> = async () => undefined;
  readonly #counts = { hits: 0, misses: 0 };

  constructor(
    context: RealtimeContext,
    handles: IRealtimeCache[],
    { symbols }: RealtimeWorld,
    patience: Patience,
  ) {
    const { clock } = context;
    this.#context = context;
    this.#handles = handles;
    this.#patience = patience;
    this.#symbols = symbols;
    const start = Date.now();
    // Where a server decides what is too far ahead, its clock shows the time of day.
    clock.setWallTime(start);
    this.#ahead = start + AHEAD_MS;
    this.#model = new RealtimeModel(this.#realtime, {
      now: () => clock.monotonic(),
      latest: () => clock.now() + BELIEVED_MS,
    });
  }

  get #realtime(): IRealtimeCache {
    return assertDefined(this.#handles[0], 'a handle');
  }

  async execute(commands: readonly RealtimeCommand[]): Promise<void> {
    await this.#realtime.clear();
    await this.#agree('after clear');
    this.#listeners = this.#handles.map((handle) => this.#listenerOf(handle));
    const before = await this.#realtime.stats();
    Object.assign(this.#counts, { hits: 0, misses: 0 });
    for (const [i, command] of commands.entries()) {
      const what = `command ${i}, ${command.kind}`;
      await this.#execute(command, what);
      await this.#compareEvents(what);
    }
    await this.#agree('in the end');
    if (this.#handles.length === 1) await this.#compareCounts(before);
    // What is told too often would come before these.
    for (const [i, symbol] of this.#symbols.entries()) {
      await this.#setTicker({ ...sampleTicker(0, symbol), timestamp: this.#ahead + 100_000 + i });
    }
    await this.#compareEvents('in the end');
    await this.#takeApart();
  }

  end(): void {
    for (const listener of [...this.#listeners, this.#choosy]) listener?.stop();
    this.#listeners = [];
    this.#choosy = undefined;
  }

  #listenerOf(handle: IRealtimeCache, isLate = false): ModelListener {
    return new ModelListener(handle, {}, (event) => this.#readWhatIsTold(handle, event), isLate);
  }

  /** Does what it says on both sides. */
  async #execute(command: RealtimeCommand, what: string): Promise<void> {
    const { tickers, orderBooks, trades } = this.#realtime;
    const [model, context] = [this.#model, this.#context];
    const symbol = 'symbol' in command ? this.#symbolOf(command.symbol) : '';
    switch (command.kind) {
      case 'set-ticker': {
        const ticker = { ...command.ticker, symbol, timestamp: this.#time(command.time) };
        return this.#write(what, (it) => this.#setTicker(ticker, it));
      }
      case 'set-book': {
        const { bids, asks, version } = command;
        const timestamp = this.#time(command.time);
        const book = { ...modelBook(bids, asks, version), symbol, timestamp };
        return this.#write(what, (it) => this.#setBook(book, it));
      }
      case 'append': {
        const given = command.trades.map(({ at, isAhead, ...rest }) => ({
          ...rest,
          timestamp: this.#time({ at, isAhead }),
        }));
        return this.#write(what, (it) => this.#append(symbol, given, it));
      }
      case 'append-page': {
        const page = pageOf(command.page, this.#time(command.time));
        return this.#write(what, (it) => this.#append(symbol, page, it));
      }
      case 'repeat':
        return this.#lastWrite(what);
      case 'refused': {
        const refuse = {
          tickers: () => tickers.set({ ...sampleTicker(0, symbol), price: Number.NaN }),
          orderBooks: () => orderBooks.set({ ...sampleBook(0, symbol), timestamp: -1 }),
          trades: () => trades.append(symbol, [sampleTrade(0), sampleTrade(1, { size: -1 })]),
        }[command.part];
        await assertRejects(refuse, 'INVALID_INPUT', what);
        return;
      }
      case 'read':
        return this.#compare(symbol, what);
      case 'read-many': {
        const list = Array.from({ length: command.times }, () => command.symbols).flat();
        const symbols = list.map((i) => this.#symbolOf(i));
        const { depth } = command;
        const found = await tickers.getMany(symbols);
        assertSame(
          found,
          symbols.map((one) => model.ticker(one)),
          `${what}: tickers`,
        );
        const books = await orderBooks.getMany(symbols, { depth });
        const expected = new Map(symbols.map((one) => [one, model.book(one, depth)]));
        assertSame(
          books,
          symbols.map((one) => expected.get(one)),
          `${what}: books`,
        );
        for (const one of [...found, ...books]) this.#count(one);
        const [first] = symbols;
        if (first === undefined) return;
        const book = this.#count(await orderBooks.get(first, { depth }));
        assertEqual(book, model.book(first, depth), `${what}: a book of its own`);
        return;
      }
      case 'recent': {
        const { limit } = command;
        const since = command.since && this.#time(command.since);
        const recent = await trades.recent(symbol, { limit, since });
        assertSame(recent, model.recent(symbol, limit, since), what);
        return;
      }
      case 'replay':
        return this.#replay(symbol, command.isFromStart, what);
      case 'delete': {
        const { part } = command;
        assertEqual(await this.#realtime[part].delete(symbol), model.delete(part, symbol), what);
        return;
      }
      case 'clear':
        await this.#realtime.clear();
        return model.clear();
      case 'sweep':
        await this.#realtime.sweep();
        assertEqual(await this.#realtime.sweep(), 0, `${what}: a second one`);
        return this.#compareUsage(what);
      case 'advance':
        return context.advance(command.ms - (command.isShort ? context.timeStepMs : 0));
      case 'set-back':
        return context.clock.setWallTime(context.clock.now() - command.byMs);
      case 'subscribe': {
        const { types } = command;
        const symbols = command.symbols?.map((i) => this.#symbolOf(i));
        this.#choosy?.stop();
        this.#choosy = new ModelListener(this.#realtime, { types, symbols });
        return;
      }
      case 'unsubscribe':
        this.#choosy?.stop();
        this.#choosy = undefined;
        return;
      case 'switch-handle':
        this.#handles.reverse();
        return this.#agree(what);
      case 'reopen':
        return this.#reopen(what);
    }
  }

  #write(what: string, write: (what: string) => Promise<void>): Promise<void> {
    this.#lastWrite = write;
    return write(what);
  }

  async #setTicker(ticker: Ticker, what = 'a ticker'): Promise<void> {
    const expected = this.#model.setTicker(ticker);
    assertEqual(await this.#realtime.tickers.set(ticker), expected, what);
    if (expected === 'stored') this.#expect({ type: 'ticker', ticker });
  }

  async #setBook(book: OrderBook, what: string): Promise<void> {
    const expected = this.#model.setBook(book);
    assertEqual(await this.#realtime.orderBooks.set(book), expected, what);
    if (expected === 'stored') this.#expect({ type: 'orderBook', book });
  }

  async #append(symbol: string, trades: readonly Trade[], what: string): Promise<void> {
    const added = this.#model.append(symbol, trades);
    this.#isOneStep = trades.length <= TRADES_OF_ONE_STEP;
    const expected = { added: added.length, duplicates: trades.length - added.length };
    assertEqual(await this.#realtime.trades.append(symbol, trades), expected, what);
    if (added.length > 0) this.#expect({ type: 'trades', symbol, trades: added });
  }

  async #replay(symbol: string, isFromStart: boolean, what: string): Promise<void> {
    const before = isFromStart ? undefined : this.#cursors.get(symbol);
    const { trades, gap, cursor } = await this.#realtime.trades.replay(symbol, {
      after: before?.cursor,
    });
    const expected = this.#model.replay(symbol, before?.arrivals);
    // After a gap it may begin anew.
    const from = gap ? Math.max(0, trades.length - expected.trades.length) : 0;
    assertSame(trades.slice(from), expected.trades, what);
    if (expected.gap !== undefined) assertEqual(gap, expected.gap, `${what}: whether it has a gap`);
    this.#cursors.set(symbol, { cursor, arrivals: this.#model.arrivals });
  }

  async #reopen(what: string): Promise<void> {
    const [listener] = this.#listeners.filter((one) => one.handle === this.#realtime);
    if (this.#choosy?.handle === this.#realtime) this.#choosy = undefined;
    const next = await this.#context.reopen(this.#realtime);
    this.#handles[0] = next;
    this.#listeners = this.#listeners.filter((one) => one !== listener);
    this.#listeners.push(this.#listenerOf(next, true));
    await greet(this.#handles, this.#patience);
    await this.#agree(what);
  }

  /** What goes of one symbol leaves the others, and leaves a gap where it was not seen. */
  async #takeApart(): Promise<void> {
    for (const symbol of this.#symbols) {
      const what = `taking ${symbol.slice(0, 30)} apart`;
      for (const part of ['tickers', 'orderBooks', 'trades'] as const) {
        const expected = this.#model.delete(part, symbol);
        assertEqual(await this.#realtime[part].delete(symbol), expected, `${what}: ${part}`);
      }
      for (const other of this.#symbols) await this.#compare(other, `after ${what}`);
      await this.#append(symbol, [sampleTrade(0)], what);
      await this.#compareEvents(what);
      await this.#replay(symbol, false, what);
    }
    await this.#realtime.clear();
    this.#model.clear();
    for (const symbol of this.#symbols) {
      await this.#append(symbol, [sampleTrade(1)], 'after clear');
      await this.#compareEvents('after clear');
      await this.#replay(symbol, false, 'after clear');
    }
  }

  #expect(event: Exclude<RealtimeEvent, { type: 'lagged' }>): void {
    for (const listener of [...this.#listeners, this.#choosy]) listener?.expect(event);
  }

  /** What is told of is there: also for those who read when they hear of it. */
  #readWhatIsTold(handle: IRealtimeCache, event: RealtimeEvent): Promise<() => void> | undefined {
    const what = 'what a listener reads';
    const model = this.#model;
    if (event.type === 'ticker') {
      const { symbol } = event.ticker;
      return handle.tickers.get(symbol).then((found) => () => {
        this.#count(found);
        assertEqual(found, model.ticker(symbol), `${what} of a ticker`);
      });
    }
    if (event.type === 'orderBook') {
      const { symbol } = event.book;
      return handle.orderBooks.get(symbol).then((found) => () => {
        this.#count(found);
        assertEqual(found, model.book(symbol), `${what} of a book`);
      });
    }
    if (event.type !== 'trades' || !this.#isOneStep) return undefined;
    return handle.trades
      .recent(event.symbol)
      .then((found) => () => assertSame(found, model.recent(event.symbol), `${what} of trades`));
  }

  async #compareEvents(what: string): Promise<void> {
    for (const listener of [...this.#listeners, this.#choosy]) {
      await listener?.compare(what, this.#patience);
    }
  }

  /** What another handle has written is there at once, or soon where copies are kept. */
  async #agree(what: string): Promise<void> {
    const isShared = this.#handles.length > 1;
    for (const symbol of this.#symbols) {
      if (isShared) await this.#patience.until(() => this.#agrees(symbol));
      await this.#compare(symbol, what);
    }
  }

  async #agrees(symbol: string): Promise<boolean> {
    const { tickers, orderBooks } = this.#realtime;
    const ticker = await tickers.get(symbol);
    const book = await orderBooks.get(symbol);
    return isEqual(ticker, this.#model.ticker(symbol)) && isEqual(book, this.#model.book(symbol));
  }

  async #compare(symbol: string, what: string): Promise<void> {
    const { tickers, orderBooks, trades } = this.#realtime;
    const ticker = this.#count(await tickers.get(symbol));
    assertEqual(ticker, this.#model.ticker(symbol), `${what}: the ticker`);
    const book = this.#count(await orderBooks.get(symbol));
    assertEqual(book, this.#model.book(symbol), `${what}: the book`);
    assertSame(await trades.recent(symbol), this.#model.recent(symbol), `${what}: the trades`);
  }

  async #compareUsage(what: string): Promise<void> {
    if (this.#handles.length > 1) return;
    const { tickers, orderBooks, trades } = await this.#realtime.stats();
    assertEqual({ tickers, orderBooks, trades }, this.#model.usage(), `${what}: what is counted`);
  }

  async #compareCounts(before: Awaited<ReturnType<IRealtimeCache['stats']>>): Promise<void> {
    const after = await this.#realtime.stats();
    const expected = { ...this.#counts, ...this.#model.counts };
    const counted = Object.keys(expected).map((name) => {
      const key = name as keyof typeof expected;
      return [key, after[key] - before[key]] as const;
    });
    assertEqual(Object.fromEntries(counted), expected, 'what the statistics have counted');
    assertTrue(after.unreadable === before.unreadable, 'nothing was unreadable');
  }

  #count<Value>(found: Value | undefined): Value | undefined {
    this.#counts[found === undefined ? 'misses' : 'hits'] += 1;
    return found;
  }

  #symbolOf(index: number): string {
    return this.#symbols[index] ?? 'never stored';
  }

  #time({ at, isAhead }: ModelTime): number {
    return (isAhead ? this.#ahead : START) + at * 1_000;
  }
}

/** Lists differ in one place most often, which says more than both of them. */
function assertSame(actual: readonly unknown[], expected: readonly unknown[], what: string): void {
  assertEqual(actual.length, expected.length, `${what}: how many`);
  for (const [i, one] of expected.entries()) {
    if (!isEqual(actual[i], one)) assertEqual(actual[i], one, `${what}: number ${i}`);
  }
}

function modelBook(bids: number, asks: number, version: number): Pick<OrderBook, 'bids' | 'asks'> {
  const level = (i: number, sign: number) => ({
    price: 1e6 + sign * (i + 1) * (version + 0.1),
    size: i % 5 === version ? 0 : (version + 1) / (3 * i + 2 + sign),
  });
  return {
    bids: Array.from({ length: bids }, (_, i) => level(i, -1)),
    asks: Array.from({ length: asks }, (_, i) => level(i, 1)),
  };
}

function pageOf({ first, count, apartMs, order }: ModelPage, start: number): Trade[] {
  const trades = Array.from({ length: count }, (_, i): Trade => {
    const number = first + i;
    return {
      id: `p${number}`,
      timestamp: start + number * apartMs,
      price: 1 + number / 8,
      size: number / 3,
      side: number % 3 === 0 ? 'buy' : 'sell',
    };
  });
  if (order === 'descending') return trades.reverse();
  // Without a common divisor with any count that is no multiple of it.
  const place = (i: number) => (order === 'shuffled' ? (i * 7_919) % count : i);
  return trades.map((_, i) => assertDefined(trades[place(i)], 'a trade'));
}
