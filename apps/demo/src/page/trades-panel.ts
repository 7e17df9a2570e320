import type { Trade } from '@barkeep/core';
import { formatAmount, formatPrice, formatTime } from './number-format.ts';
import { newRow, pageElement } from './page-element.ts';

const SHOWN = 60;
/** A trade whose side is not known has no colour. */
const SIDE_CLASSES = { buy: 'up', sell: 'down', unknown: '' } as const;

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
      this.#list.prepend(newRow(cells, SIDE_CLASSES[trade.side ?? 'unknown'] + fresh));
    }
    while (this.#list.children.length > SHOWN) this.#list.lastElementChild?.remove();
  }
}
