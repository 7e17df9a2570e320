import type { OrderBook, OrderBookLevel } from '@barkeep/core';
import { direction, formatAmount, formatPrice } from './number-format.ts';
import { newElement, newRow, pageElement } from './page-element.ts';

/** Both sides of the book, their running totals drawn as bars. */
export class OrderBookPanel {
  readonly #asks = pageElement('asks');
  readonly #bids = pageElement('bids');
  readonly #middle = pageElement('middle');
  readonly #spread = pageElement('spread');
  #previousPrice = Number.NaN;

  clear(): void {
    this.#asks.replaceChildren();
    this.#bids.replaceChildren();
    this.#middle.textContent = '–';
    this.#spread.textContent = '';
    this.#previousPrice = Number.NaN;
  }

  show(book: OrderBook): void {
    const deepest = Math.max(totalOf(book.asks), totalOf(book.bids));
    drawSide(this.#asks, book.asks, deepest);
    drawSide(this.#bids, book.bids, deepest);
    const [ask] = book.asks;
    const [bid] = book.bids;
    if (ask === undefined || bid === undefined) return;
    const spread = ask.price - bid.price;
    // Of a price at zero or below there is no share.
    const share = ask.price > 0 ? ` (${((spread / ask.price) * 100).toPrecision(2)}%)` : '';
    this.#spread.textContent = `spread ${formatPrice(spread)}${share}`;
  }

  /** The last traded price, between the sides. */
  showPrice(price: number): void {
    const moved = direction(price - this.#previousPrice);
    if (moved !== '') this.#middle.className = `middle ${moved}`;
    this.#previousPrice = price;
    this.#middle.replaceChildren(formatPrice(price), newElement('small', 'last trade'));
  }
}

/** Rows are kept and rewritten, so that their bars can move. */
function drawSide(list: HTMLElement, levels: readonly OrderBookLevel[], deepest: number): void {
  while (list.children.length > levels.length) list.lastElementChild?.remove();
  let total = 0;
  for (const [i, level] of levels.entries()) {
    total += level.size;
    const row = list.children[i] ?? list.appendChild(newRow(['', '', '']));
    const cells = [
      formatPrice(level.price),
      formatAmount(level.size, level.price),
      formatAmount(total, level.price),
    ];
    for (const [j, cell] of cells.entries()) {
      const span = row.children[j];
      if (span !== undefined && span.textContent !== cell) span.textContent = cell;
    }
    if (row instanceof HTMLElement) row.style.setProperty('--share', String(total / deepest));
  }
}

function totalOf(levels: readonly OrderBookLevel[]): number {
  return levels.reduce((sum, { size }) => sum + size, 0);
}
