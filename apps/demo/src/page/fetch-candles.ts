import type { Interval, Timeframe } from '@barkeep/core';
import type { CandlePage, MarketList } from '../server/wire.ts';
import { fetchJson } from './fetch-json.ts';

/** Which symbols and timeframes there are. */
export function fetchMarkets(): Promise<MarketList> {
  return fetchJson<MarketList>('/api/markets');
}

/** The last candles before an instant, or the latest of all. */
export function fetchCandlesBefore(
  symbol: string,
  timeframe: Timeframe,
  to: number | undefined,
  limit: number,
): Promise<CandlePage> {
  const end = to === undefined ? {} : { to: String(to) };
  return fetchJson(`/api/candles?${query({ symbol, timeframe, limit: String(limit), ...end })}`);
}

/** All candles of a range. */
export function fetchCandlesBetween(
  symbol: string,
  timeframe: Timeframe,
  { from, to }: Interval,
): Promise<CandlePage> {
  const range = { from: String(from), to: String(to) };
  return fetchJson(`/api/candles?${query({ symbol, timeframe, ...range })}`);
}

/** Has the exchange cut off for a while. */
export async function cutConnection(): Promise<void> {
  await fetchJson('/api/cut', { method: 'POST' });
}

function query(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}
