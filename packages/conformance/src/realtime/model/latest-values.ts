import type { OrderBook, Ticker } from '@barkeep/core';
import type { RealtimeWriteResult } from '@barkeep/realtime';
import type { RealtimeModel } from './realtime-model.ts';

/** The latest ticker or book of each symbol. */
export class LatestValues<Value extends Ticker | OrderBook> {
  readonly #model: RealtimeModel;
  readonly #lifeMs: number;
  readonly #maxDepth: number;
  readonly #kept = new Map<string, { readonly value: Value; readonly expiresAt: number }>();

  constructor(model: RealtimeModel, lifeMs: number, maxDepth: number = Number.POSITIVE_INFINITY) {
    this.#model = model;
    this.#lifeMs = lifeMs;
    this.#maxDepth = maxDepth;
  }

  set(value: Value): RealtimeWriteResult {
    const before = this.#live(value.symbol);
    const isObstacle =
      before !== undefined && (this.#model.believes(before) || !this.#model.believes(value));
    const result = isObstacle && before.timestamp > value.timestamp ? 'stale' : 'stored';
    this.#model.counts[result] += 1;
    if (result === 'stored') {
      const kept = cut(value, this.#maxDepth);
      this.#kept.set(value.symbol, { value: kept, expiresAt: this.#model.now() + this.#lifeMs });
      this.#model.tell('bids' in value ? 'orderBook' : 'ticker', value.symbol, [kept]);
    }
    return result;
  }

  get(symbol: string, { depth }: { readonly depth?: number } = {}): Value | undefined {
    const value = this.#live(symbol);
    this.#model.counts[value === undefined ? 'misses' : 'hits'] += 1;
    return value && cut(value, depth);
  }

  getMany(
    symbols: readonly string[],
    options?: { readonly depth?: number },
  ): (Value | undefined)[] {
    return symbols.map((symbol) => this.get(symbol, options));
  }

  delete(symbol: string): boolean {
    const wasThere = this.#live(symbol) !== undefined;
    this.#kept.delete(symbol);
    return wasThere;
  }

  clear(): void {
    this.#kept.clear();
  }

  count(): number {
    return [...this.#kept.keys()].filter((symbol) => this.#live(symbol) !== undefined).length;
  }

  #live(symbol: string): Value | undefined {
    const kept = this.#kept.get(symbol);
    return kept !== undefined && kept.expiresAt > this.#model.now() ? kept.value : undefined;
  }
}

function cut<Value extends Ticker | OrderBook>(value: Value, depth?: number): Value {
  if (!('bids' in value)) return value;
  return { ...value, bids: value.bids.slice(0, depth), asks: value.asks.slice(0, depth) };
}
