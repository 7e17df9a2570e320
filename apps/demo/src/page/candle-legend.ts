import type { Candle } from '@barkeep/core';
import {
  direction,
  formatAmount,
  formatInstant,
  formatPrice,
  formatRate,
} from './number-format.ts';
import { newElement, pageElement } from './page-element.ts';

/** The figures of one candle, above the chart. */
export function showLegend(candle: Candle | undefined): void {
  const legend = pageElement('legend');
  if (candle === undefined) {
    legend.replaceChildren();
    return;
  }
  const { timestamp, open, high, low, close, volume } = candle;
  const change = close / open - 1;
  legend.replaceChildren(
    newElement('b', formatInstant(timestamp)),
    ...figure('O', formatPrice(open)),
    ...figure('H', formatPrice(high)),
    ...figure('L', formatPrice(low)),
    ...figure('C', formatPrice(close)),
    newElement('span', formatRate(change), direction(change)),
    ...figure('Vol', formatAmount(volume, close)),
  );
}

function figure(name: string, value: string): HTMLElement[] {
  const span = newElement('span', `${name} `);
  span.append(newElement('b', value));
  return [span];
}
