import type { Unsubscribe } from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent, RealtimeSelector } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { GREETING, type Patience } from '../patience.ts';
import type { Tell } from './realtime-model.ts';

interface ListenerOptions {
  readonly selector?: RealtimeSelector;
  /** Calls it with what is told of. */
  readonly onHeard?: (...told: Parameters<Tell>) => void;
  /** It may hear before all else of what was under way when it came. */
  readonly isLate?: boolean;
}

/** A listener, and what it should hear: of each symbol in order, trades one by one. */
export class ModelListener {
  readonly handle: IRealtimeCache;
  readonly stop: Unsubscribe;
  readonly #selector: RealtimeSelector;
  readonly #isLate: boolean;
  #expected = new Map<string, unknown[]>();
  #heard = new Map<string, unknown[]>();
  #hasLagged = false;

  constructor(handle: IRealtimeCache, options: ListenerOptions = {}) {
    const { selector = {}, onHeard, isLate = false } = options;
    this.handle = handle;
    this.#selector = selector;
    this.#isLate = isLate;
    this.stop = handle.subscribe(selector, (event) => {
      if (event.type === 'lagged') {
        this.#hasLagged = true;
        return;
      }
      const [symbol, values] = contentOf(event, handle.capabilities.maxBookDepth);
      if (symbol === GREETING) return;
      add(this.#heard, symbol, values);
      onHeard?.(event.type, symbol, values);
    });
  }

  readonly expect: Tell = (type, symbol, values) => {
    const { types = [type], symbols = [symbol] } = this.#selector;
    if (types.includes(type) && symbols.includes(symbol)) add(this.#expected, symbol, values);
  };

  /** Waits for what may be under way from a server, and begins anew. */
  async compare(what: string, patience: Patience): Promise<void> {
    await patience.until(() => this.#hasLagged || this.#surprise() === undefined);
    const symbol = this.#surprise();
    if (this.#hasLagged) {
      assertTrue(patience.allowsLag(), `${what}: events are hardly ever lost on the way`);
    } else if (symbol !== undefined) {
      const [heard, expected] = this.#listsOf(symbol);
      assertEqual(heard, expected, `${what}: the events of ${symbol.slice(0, 30)}`);
    }
    this.#expected.clear();
    this.#heard.clear();
    this.#hasLagged = false;
  }

  /** A symbol of which it has not heard what it should. */
  #surprise(): string | undefined {
    const symbols = [...this.#expected.keys(), ...this.#heard.keys()];
    return symbols.find((symbol) => !isEqual(...this.#listsOf(symbol)));
  }

  #listsOf(symbol: string): [heard: readonly unknown[], expected: readonly unknown[]] {
    const [heard = [], expected = []] = [this.#heard.get(symbol), this.#expected.get(symbol)];
    const from = this.#isLate ? Math.max(0, heard.length - expected.length) : 0;
    return [heard.slice(from), expected];
  }
}

function add(lists: Map<string, unknown[]>, symbol: string, values: readonly unknown[]): void {
  lists.set(symbol, [...(lists.get(symbol) ?? []), ...values]);
}

/** Levels beyond what is kept may be told of, or not. */
function contentOf(
  event: Exclude<RealtimeEvent, { type: 'lagged' }>,
  maxDepth: number | undefined,
): [symbol: string, values: readonly unknown[]] {
  if (event.type === 'trades') return [event.symbol, event.trades];
  if (event.type === 'ticker') return [event.ticker.symbol, [event.ticker]];
  const { bids, asks, ...book } = event.book;
  const kept = { ...book, bids: bids.slice(0, maxDepth), asks: asks.slice(0, maxDepth) };
  return [book.symbol, [kept]];
}
