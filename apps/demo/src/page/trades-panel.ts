import type { Trade } from '@barkeep/core';
import { formatAmount, formatPrice, formatTime } from './number-format.ts';
import { newRow, pageElement } from './page-element.ts';

const SHOWN = 60;

/** The latest trades, newest on top. */
export class TradesPanel {
  readonly #list = pageElement('trades');

  clear(): void {
    this.#list.replaceChildren();
  }

  /** Adds trades that ascend by time. */
  add(trades: readonly Trade[]): void {
    const fresh = this.#list.children.length > 0 ? ' fresh' : '';
    for (const trade of trades) {
      const cells = [
        formatPrice(trade.price),
        formatAmount(trade.size, trade.price),
        formatTime(trade.timestamp),
      ];
      this.#list.prepend(newRow(cells, (trade.side === 'buy' ? 'up' : 'down') + fresh));
    }
    while (this.#list.children.length > SHOWN) this.#list.lastElementChild?.remove();
  }
}
