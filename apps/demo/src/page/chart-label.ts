import type { Candle } from '@barkeep/core';
import { formatInstant, formatWhole } from './number-format.ts';
import { pageElement } from './page-element.ts';

/** Says in words what the chart shows as a picture. */
export function labelChart(title: string, candles: readonly Candle[]): void {
  const [first, last] = [candles[0], candles.at(-1)];
  const extent =
    first === undefined || last === undefined
      ? ''
      : ` from ${formatInstant(first.timestamp)} to ${formatInstant(last.timestamp)}`;
  const label = `${title}: ${formatWhole(candles.length)} candles${extent}`;
  pageElement('chart').setAttribute('aria-label', label);
}
