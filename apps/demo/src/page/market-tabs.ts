import type { Ticker } from '@barkeep/core';
import type { MarketChoice } from '../server/wire.ts';
import { direction, formatRate } from './number-format.ts';
import { newElement, pageElement } from './page-element.ts';

/** One button a market, with its change of the day. */
export class MarketTabs {
  readonly #buttons = new Map<string, { button: HTMLButtonElement; rate: HTMLElement }>();

  constructor(markets: readonly MarketChoice[], onChoose: (market: MarketChoice) => void) {
    for (const market of markets) {
      const button = newElement('button');
      const rate = newElement('span');
      button.type = 'button';
      button.append(newElement('b', market.symbol), rate);
      button.addEventListener('click', () => onChoose(market));
      pageElement('markets').append(button);
      this.#buttons.set(market.symbol, { button, rate });
    }
  }

  select(symbol: string): void {
    for (const [own, { button }] of this.#buttons) {
      button.setAttribute('aria-pressed', String(own === symbol));
    }
  }

  show(ticker: Ticker): void {
    const rate = this.#buttons.get(ticker.symbol)?.rate;
    if (rate === undefined || ticker.changeRate === undefined) return;
    rate.textContent = formatRate(ticker.changeRate);
    rate.className = direction(ticker.changeRate);
  }
}
