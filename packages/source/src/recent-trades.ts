import type { Trade } from '@barkeep/core';

/** The latest trades of one symbol, ascending by timestamp, each id once. */
export class RecentTrades {
  readonly #maxTrades: number;
  readonly #trades: Trade[] = [];
  readonly #ids = new Set<string>();
  #list: readonly Trade[] | undefined;

  constructor(maxTrades: number) {
    this.#maxTrades = maxTrades;
  }

  /** A list that does not change later. */
  get list(): readonly Trade[] {
    this.#list ??= Object.freeze([...this.#trades]);
    return this.#list;
  }

  /** Adds a trade at its place; one that is known changes nothing. */
  add(trade: Trade): void {
    if (this.#ids.has(trade.id)) return;
    const before = this.#trades.findLastIndex(({ timestamp }) => timestamp <= trade.timestamp);
    this.#trades.splice(before + 1, 0, trade);
    this.#ids.add(trade.id);
    this.#list = undefined;
    if (this.#trades.length > this.#maxTrades) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#trades.shift();
    if (oldest !== undefined) this.#ids.delete(oldest.id);
  }
}
