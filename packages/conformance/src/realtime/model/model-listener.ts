import type { OrderBook, Unsubscribe } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent, RealtimeSelector } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import type { Patience } from '../patience.ts';
import { GREETING } from './greeting.ts';

type ValueEvent = Exclude<RealtimeEvent, { type: 'lagged' }>;

/**
 * A listener, and what it should hear: of each symbol in order, trades one by one. A late one may hear before
 * that of what was under way when it came.
 */
export class ModelListener {
  readonly handle: IRealtimeCache;
  readonly stop: Unsubscribe;
  readonly #selector: RealtimeSelector;
  readonly #maxDepth: number;
  readonly #isLate: boolean;
  #expected = new Map<string, unknown[]>();
  #heard = new Map<string, unknown[]>();
  #hasLagged = false;
  #checks: Promise<() => void>[] = [];

  constructor(
    handle: IRealtimeCache,
    selector: RealtimeSelector,
    onEvent: (event: RealtimeEvent) => Promise<() => void> | undefined = () => undefined,
    isLate = false,
  ) {
    this.handle = handle;
    this.#selector = selector;
    this.#isLate = isLate;
    this.#maxDepth = handle.capabilities.maxBookDepth ?? Number.POSITIVE_INFINITY;
    this.stop = handle.subscribe(selector, (event) => {
      if (event.type === 'lagged') this.#hasLagged = true;
      else if (symbolOf(event) === GREETING) return;
      else this.#add(this.#heard, event);
      const check = onEvent(event);
      // It is awaited after the command.
      check?.catch(() => undefined);
      if (check !== undefined) this.#checks.push(check);
    });
  }

  expect(event: ValueEvent): void {
    const { types = [event.type], symbols = [symbolOf(event)] } = this.#selector;
    if (types.includes(event.type) && symbols.includes(symbolOf(event))) {
      this.#add(this.#expected, event);
    }
  }

  /** Waits for what may be under way from a server, and begins anew. */
  async compare(what: string, patience: Patience): Promise<void> {
    await patience.until(() => this.#surprise() === undefined || this.#hasLagged);
    const symbol = this.#surprise();
    if (this.#hasLagged) {
      assertTrue(patience.allowsLag(), `${what}: events are hardly ever lost on the way`);
    } else if (symbol !== undefined) {
      const [heard, expected] = this.#listsOf(symbol);
      assertEqual(heard, expected, `${what}: the events of ${symbol.slice(0, 30)}`);
    }
    for (const check of await Promise.all(this.#checks)) check();
    this.#expected = new Map();
    this.#heard = new Map();
    this.#checks = [];
    this.#hasLagged = false;
  }

  /** A symbol of which it has not heard what it should. */
  #surprise(): string | undefined {
    const symbols = [...this.#expected.keys(), ...this.#heard.keys()];
    return symbols.find((symbol) => !isEqual(...this.#listsOf(symbol)));
  }

  #listsOf(symbol: string): [heard: readonly unknown[], expected: readonly unknown[]] {
    const [heard = [], expected = []] = [this.#heard.get(symbol), this.#expected.get(symbol)];
    return [
      this.#isLate ? heard.slice(Math.max(0, heard.length - expected.length)) : heard,
      expected,
    ];
  }

  #add(events: Map<string, unknown[]>, event: ValueEvent): void {
    const list = events.get(symbolOf(event)) ?? [];
    events.set(symbolOf(event), list);
    if (event.type === 'trades') list.push(...event.trades);
    else list.push(event.type === 'ticker' ? event.ticker : this.#cut(event.book));
  }

  /** Levels beyond what is kept may be told of, or not. */
  #cut({ bids, asks, ...book }: OrderBook): OrderBook {
    return { ...book, bids: bids.slice(0, this.#maxDepth), asks: asks.slice(0, this.#maxDepth) };
  }
}

function symbolOf(event: ValueEvent): string {
  if (event.type === 'trades') return event.symbol;
  return event.type === 'ticker' ? event.ticker.symbol : event.book.symbol;
}
