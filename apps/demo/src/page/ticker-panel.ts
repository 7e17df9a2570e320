import type { Ticker } from '@barkeep/core';
import type { MarketChoice } from '../server/wire.ts';
import {
  direction,
  formatChange,
  formatCompact,
  formatPrice,
  formatRate,
} from './number-format.ts';
import { newElement, pageElement } from './page-element.ts';

/** The selected market: its price, its change since the previous close, and its day. */
export class TickerPanel {
  readonly #name = pageElement('name');
  readonly #symbol = pageElement('symbol');
  readonly #price = pageElement('price');
  readonly #change = pageElement('change');
  readonly #day = pageElement('day');

  /** Shows a market of which nothing is known yet. */
  begin(market: MarketChoice): void {
    this.#name.textContent = market.name;
    this.#symbol.textContent = market.symbol;
    this.#price.textContent = '–';
    this.#price.className = 'price';
    this.#change.textContent = '';
    this.#day.replaceChildren();
  }

  show(ticker: Ticker): void {
    const { price, change = 0, changeRate = 0 } = ticker;
    if (price !== undefined) {
      this.showPrice(price, change);
      this.#change.textContent = `${formatChange(change)}  (${formatRate(changeRate)})`;
      this.#change.className = `change ${direction(change)}`;
    } else {
      this.#price.textContent = quoteText(ticker);
      this.#price.className = 'price';
      this.#change.textContent = 'bid / ask';
      this.#change.className = 'change';
    }
    this.#day.replaceChildren(
      ...figure('High', ticker.high, formatPrice),
      ...figure('Low', ticker.low, formatPrice),
      ...figure('Volume', ticker.volume, formatCompact),
    );
    const shown = price === undefined ? quoteText(ticker) : formatPrice(price);
    document.title = `${shown} ${ticker.symbol} · Barkeep`;
  }

  /** Without a ticker, the last close must do. */
  showPrice(price: number, change: number): void {
    this.#price.textContent = formatPrice(price);
    this.#price.className = `price ${direction(change)}`;
  }
}

/** What stands for the last price where nothing was traded. */
function quoteText({ bid, ask }: Ticker): string {
  return [bid, ask].map((price) => (price === undefined ? '–' : formatPrice(price))).join(' / ');
}

function figure(
  title: string,
  value: number | undefined,
  format: (value: number) => string,
): HTMLElement[] {
  if (value === undefined) return [];
  const group = newElement('div');
  group.append(newElement('dt', `${title} today`), newElement('dd', format(value)));
  return [group];
}
