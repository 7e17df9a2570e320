import type { Trade } from '@barkeep/core';

/** The latest trades of one symbol, ascending by timestamp, each id once. */
export class RecentTrades {
  readonly #maxTrades: number;
  /** Up to twice as many as are kept: to take off the oldest one by one would move all others each time. */
  readonly #trades: Trade[] = [];
  readonly #ids = new Set<string>();
  #list: readonly Trade[] | undefined;

  constructor(maxTrades: number) {
    this.#maxTrades = maxTrades;
  }

  /** A list that does not change later. */
  get list(): readonly Trade[] {
    this.#list ??= Object.freeze(this.#trades.slice(this.#surplus));
    return this.#list;
  }

  /**
   * Adds trades, each at its place. Those that are known change nothing, nor do those that are older than
   * all of a full list.
   */
  add(trades: readonly Trade[]): void {
    const surplus = this.#surplus;
    const oldest = this.#trades[this.#trades.length - this.#maxTrades]?.timestamp;
    let isInOrder = true;
    let isChanged = false;
    for (const trade of trades) {
      if (this.#ids.has(trade.id) || (oldest !== undefined && trade.timestamp < oldest)) continue;
      const last = this.#trades.at(-1);
      isInOrder &&= last === undefined || last.timestamp <= trade.timestamp;
      this.#ids.add(trade.id);
      this.#trades.push(trade);
      isChanged = true;
    }
    if (!isChanged) return;
    this.#list = undefined;
    if (!isInOrder) this.#trades.sort((a, b) => a.timestamp - b.timestamp);
    for (const { id } of this.#trades.slice(surplus, this.#surplus)) this.#ids.delete(id);
    if (this.#surplus >= this.#maxTrades) this.#trades.splice(0, this.#surplus);
  }

  get #surplus(): number {
    return Math.max(0, this.#trades.length - this.#maxTrades);
  }
}
