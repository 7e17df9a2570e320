import type { CandlePage, ExchangeStats, LiveStats } from '../server/wire.ts';
import { formatCompact, formatWhole } from './number-format.ts';
import { pageElement } from './page-element.ts';

export function showConnection(state: 'live' | 'lost' | 'file', text: string): void {
  const element = pageElement('connection');
  element.setAttribute('data-state', state);
  element.textContent = text;
}

/** Where the last candles came from, and how fast. */
export function showAnswer({ candles, origins, missingPeriods, tookMs }: CandlePage): void {
  const parts = [
    [origins.cache, 'from memory'],
    [origins.router, 'from the stream'],
    [origins.disk, 'from disk'],
    [origins.storage, 'from the database'],
    [origins.coordinator, 'fetched from the exchange'],
  ] as const;
  const named = parts
    .filter(([count]) => count > 0)
    .map(([count, from]) => `${formatWhole(count)} ${from}`);
  const missing = missingPeriods > 0 ? ` · ${formatWhole(missingPeriods)} periods missing` : '';
  const detail = named.length > 0 ? `: ${named.join(', ')}` : '';
  pageElement('answer').textContent =
    `${formatWhole(candles.length)} candles in ${tookMs.toFixed(1)} ms${detail}${missing}`;
}

export function showStats({ candles, bytes, cacheHitRate, exchange }: LiveStats): void {
  const hits =
    cacheHitRate === undefined ? '' : ` · cache hits ${(cacheHitRate * 100).toFixed(0)}%`;
  const size =
    candles === undefined || bytes === undefined
      ? 'no figures from the storage'
      : `${formatWhole(candles)} candles stored in ${formatCompact(bytes / 1_048_576)} MB`;
  pageElement('house').textContent = `${size}${hits}`;
  pageElement('feed').textContent = exchange === undefined ? '' : feedText(exchange);
}

function feedText(exchange: ExchangeStats): string {
  const { messages, repeatedTrades, passedOver, madeUp, failures } = exchange;
  const parts = [
    `${formatCompact(messages)} messages`,
    `passed over ${formatWhole(repeatedTrades)} trades, ${formatWhole(passedOver)} candles`,
  ];
  if (madeUp > 0) parts.push(`gaps filled: ${formatWhole(madeUp)}`);
  if (failures > 0) parts.push(`failed writes: ${formatWhole(failures)}`);
  return parts.join(' · ');
}
