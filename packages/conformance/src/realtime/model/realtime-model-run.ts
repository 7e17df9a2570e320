import type { IRealtimeCache, RealtimeSelector } from '@barkeep/realtime';
import { assertDefined, assertEqual } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import type { Patience } from '../patience.ts';
import type { RealtimeContext } from '../realtime-scenario.ts';
import { sampleTicker, sampleTrade } from '../sample-market.ts';
import { ModelListener } from './model-listener.ts';
import { AHEAD, type RealtimeCommand } from './realtime-command.ts';
import { RealtimeModel, type Tell } from './realtime-model.ts';

/** The most trades of a call that are stored and told of as one. */
const TRADES_OF_ONE_STEP = 256;
/** How to read what is told of. */
const READS = { ticker: 'tickers.get', orderBook: 'orderBooks.get', trades: 'trades.recent' };

/** Takes a cache and the model through the same commands, and compares what they answer and tell. */
export class RealtimeModelRun {
  readonly #context: RealtimeContext;
  readonly #handles: IRealtimeCache[];
  readonly #symbols: readonly string[];
  readonly #patience: Patience;
  readonly #model: RealtimeModel;
  readonly #cursors = new Map<string, { readonly cursor: string; readonly arrivals: number }>();
  /** One that hears everything on each handle, and at most one that is choosy. */
  #listeners: ModelListener[] = [];
  #choosy: ModelListener | undefined;
  /** What listeners have read when they heard, each with how to ask the model. */
  #reads: { readonly found: Promise<unknown>; readonly call: string; readonly symbol: string }[] =
    [];
  #lastWrite: readonly [call: string, ...given: unknown[]] = ['clear'];
  #what = 'in the beginning';
  /** What commands do that are no calls of both sides. */
  readonly #steps = {
    replay: (symbol: string, isFromStart: boolean) => this.#replay(symbol, isFromStart),
    /** `isShort`: until just before. */
    advance: (ms: number, isShort: boolean) =>
      this.#context.advance(ms - (isShort ? this.#context.timeStepMs : 0)),
    setBack: (ms: number) => this.#context.clock.setWallTime(this.#context.clock.now() - ms),
    subscribe: (selector: RealtimeSelector | undefined) => this.#subscribe(selector),
    repeat: () => this.#call(...this.#lastWrite),
    look: () => this.#look(),
    sweep: () => this.#sweep(),
    switchHandle: () => {
      this.#handles.reverse();
      return this.#agree();
    },
    reopen: () => this.#reopen(),
  };

  constructor(
    context: RealtimeContext,
    handles: IRealtimeCache[],
    symbols: readonly string[],
    patience: Patience,
  ) {
    this.#context = context;
    this.#handles = handles;
    this.#symbols = symbols;
    this.#patience = patience;
    // Where a server decides what is too far ahead, its clock shows the time of day.
    context.clock.setWallTime(Date.now());
    this.#model = new RealtimeModel(this.#realtime, context.clock, (...told) => {
      for (const listener of this.#allListeners()) listener.expect(...told);
    });
  }

  get #realtime(): IRealtimeCache {
    return assertDefined(this.#handles[0], 'a handle');
  }

  async execute(commands: readonly RealtimeCommand[]): Promise<void> {
    await this.#call('clear');
    await this.#agree();
    this.#listeners = this.#handles.map((handle) => this.#listenerOf(handle, false));
    Object.assign(this.#model.counts, { hits: 0, misses: 0 });
    for (const symbol of this.#symbols) await this.#replay(symbol, true);
    const before = await this.#realtime.stats();
    for (const [i, { call, given }] of commands.entries()) {
      this.#what = `command ${i}, ${call}`;
      if (call in this.#steps) await callOf(this.#steps, call, given);
      else await this.#call(call, ...given);
      await this.#compareEvents();
    }
    this.#what = 'in the end';
    await this.#agree();
    if (this.#handles.length === 1) await this.#compareCounts(before);
    // What is told too often would come before these.
    for (const symbol of this.#symbols) {
      await this.#call('tickers.set', { ...sampleTicker(0, symbol), timestamp: AHEAD + 100_000 });
    }
    await this.#compareEvents();
    for (const symbol of this.#symbols) await this.#replay(symbol, false);
    await this.#takeApart();
  }

  end(): void {
    for (const listener of this.#allListeners()) listener.stop();
  }

  /** The same call on both sides. */
  async #call(call: string, ...given: readonly unknown[]): Promise<void> {
    if (/set|append/.test(call)) this.#lastWrite = [call, ...given];
    const expected = callOf(this.#model, call, given);
    assertSame(await callOf(this.#realtime, call, given), expected, `${this.#what}: ${call}`);
  }

  /** What is kept of each symbol. */
  async #look(): Promise<void> {
    for (const symbol of this.#symbols) {
      for (const call of Object.values(READS)) await this.#call(call, symbol);
    }
  }

  /** The same, and what another handle has written is there soon where copies are kept. */
  async #agree(): Promise<void> {
    const reads = [READS.ticker, READS.orderBook];
    for (const symbol of this.#handles.length > 1 ? this.#symbols : []) {
      const expected = reads.map((call) => callOf(this.#model, call, [symbol]));
      await this.#patience.until(async () => {
        const found = reads.map((call) => callOf(this.#realtime, call, [symbol]));
        return isEqual(await Promise.all(found), expected);
      });
    }
    await this.#look();
  }

  async #replay(symbol: string, isFromStart: boolean): Promise<void> {
    const before = isFromStart ? undefined : this.#cursors.get(symbol);
    const options = { after: before?.cursor };
    const { trades, gap, cursor } = await this.#realtime.trades.replay(symbol, options);
    const expected = this.#model.trades.replay(symbol, before?.arrivals);
    // After a gap it may begin anew.
    const from = gap ? Math.max(0, trades.length - expected.trades.length) : 0;
    assertSame(trades.slice(from), expected.trades, `${this.#what}: the replay`);
    assertEqual(gap, expected.gap ?? gap, `${this.#what}: whether it has a gap`);
    this.#cursors.set(symbol, { cursor, arrivals: this.#model.trades.arrivals });
  }

  async #sweep(): Promise<void> {
    await this.#realtime.sweep();
    assertEqual(await this.#realtime.sweep(), 0, `${this.#what}: a second one`);
    if (this.#handles.length > 1) return;
    const { tickers, orderBooks, trades } = await this.#realtime.stats();
    const found = { tickers, orderBooks, trades };
    assertEqual(found, this.#model.usage(), `${this.#what}: what is counted`);
  }

  #subscribe(selector: RealtimeSelector | undefined): void {
    this.#choosy?.stop();
    this.#choosy = selector && new ModelListener(this.#realtime, { selector });
  }

  async #reopen(): Promise<void> {
    const earlier = this.#realtime;
    if (this.#choosy?.handle === earlier) this.#choosy = undefined;
    const next = await this.#context.reopen(earlier);
    this.#handles[0] = next;
    this.#listeners = this.#listeners.filter(({ handle }) => handle !== earlier);
    this.#listeners.push(this.#listenerOf(next, true));
    await this.#patience.greet(this.#handles);
    await this.#agree();
  }

  /** What goes of one symbol leaves the others, and leaves a gap where it was not seen. */
  async #takeApart(): Promise<void> {
    for (const symbol of this.#symbols) {
      this.#what = `taking ${symbol.slice(0, 30)} apart`;
      for (const part of ['tickers', 'orderBooks', 'trades']) {
        await this.#call(`${part}.delete`, symbol);
      }
      await this.#look();
      await this.#call('trades.append', symbol, [sampleTrade(0)]);
      await this.#compareEvents();
      await this.#replay(symbol, false);
    }
    this.#what = 'after clear';
    await this.#call('clear');
    for (const symbol of this.#symbols) {
      await this.#call('trades.append', symbol, [sampleTrade(1)]);
      await this.#compareEvents();
      await this.#replay(symbol, false);
    }
  }

  #allListeners(): ModelListener[] {
    return this.#choosy === undefined ? this.#listeners : [...this.#listeners, this.#choosy];
  }

  /** What is told of is there: also for those who read when they hear of it. */
  #listenerOf(handle: IRealtimeCache, isLate: boolean): ModelListener {
    const onHeard: Tell = (type, symbol) => {
      const call = READS[type];
      const found = Promise.resolve(callOf(handle, call, [symbol]));
      // It is awaited after the command.
      found.catch(() => undefined);
      this.#reads.push({ found, call, symbol });
    };
    return new ModelListener(handle, { onHeard, isLate });
  }

  async #compareEvents(): Promise<void> {
    for (const listener of this.#allListeners()) await listener.compare(this.#what, this.#patience);
    const [, , trades] = this.#lastWrite;
    const isOneStep = !Array.isArray(trades) || trades.length <= TRADES_OF_ONE_STEP;
    for (const { found, call, symbol } of this.#reads.splice(0)) {
      const expected = callOf(this.#model, call, [symbol]);
      const what = `${this.#what}: what a listener reads by ${call}`;
      if (isOneStep) assertSame(await found, expected, what);
      else await found;
    }
  }

  async #compareCounts(before: Awaited<ReturnType<IRealtimeCache['stats']>>): Promise<void> {
    const after = await this.#realtime.stats();
    for (const name of ['hits', 'misses', 'stored', 'stale', 'duplicates'] as const) {
      assertEqual(
        after[name] - before[name],
        this.#model.counts[name],
        `${name} in the statistics`,
      );
    }
    assertEqual(after.unreadable, before.unreadable, 'unreadable ones in the statistics');
  }
}

function callOf(subject: object, call: string, given: readonly unknown[]): unknown {
  const names = call.split('.');
  const method = names.pop() ?? '';
  const owner = names.reduce((part, name) => Object(Reflect.get(part, name)), subject);
  return Reflect.apply(Reflect.get(owner, method), owner, given);
}

/** Lists differ in one place most often, which says more than both of them. */
function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (!Array.isArray(actual) || !Array.isArray(expected)) {
    assertEqual(actual, expected, what);
    return;
  }
  assertEqual(actual.length, expected.length, `${what}: how many`);
  for (const [i, one] of expected.entries()) assertEqual(actual[i], one, `${what}: number ${i}`);
}
