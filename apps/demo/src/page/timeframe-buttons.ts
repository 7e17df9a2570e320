import type { Timeframe } from '@barkeep/core';
import { newElement, pageElement } from './page-element.ts';

/** One button a timeframe. */
export class TimeframeButtons {
  readonly #buttons = new Map<Timeframe, HTMLButtonElement>();

  constructor(timeframes: readonly Timeframe[], onChoose: (timeframe: Timeframe) => void) {
    for (const timeframe of timeframes) {
      const button = newElement('button', timeframe);
      button.type = 'button';
      button.addEventListener('click', () => onChoose(timeframe));
      pageElement('timeframes').append(button);
      this.#buttons.set(timeframe, button);
    }
  }

  select(timeframe: Timeframe): void {
    for (const [own, button] of this.#buttons) {
      button.setAttribute('aria-pressed', String(own === timeframe));
    }
  }
}
