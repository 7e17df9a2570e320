import type { Trade } from '@barkeep/core';

/** The latest trades of one symbol, in ascending order, deduplicated by id. */
export class RecentTrades {
  readonly #maxTrades: number;
  /** Holds up to twice the bound, so that old trades are removed in bulk. */
  readonly #trades: Trade[] = [];
  readonly #ids = new Set<string>();
  #list: readonly Trade[] | undefined;

  constructor(maxTrades: number) {
    this.#maxTrades = maxTrades;
  }

  /** A snapshot that does not change later. */
  get list(): readonly Trade[] {
    this.#list ??= Object.freeze(this.#trades.slice(this.#surplus));
    return this.#list;
  }

  /** Inserts trades in order. Ignores duplicates, and trades older than all of a full list. */
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
