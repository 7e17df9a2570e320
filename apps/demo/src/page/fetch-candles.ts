import type { Interval, Timeframe } from '@barkeep/core';
import type { CandlePage, MarketList } from '../server/wire.ts';

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
  const response = await fetch('/api/cut', { method: 'POST' });
  if (!response.ok) throw new Error(await errorOf(response));
}

function query(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}

async function fetchJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (response.ok) return response.json();
  throw new Error(await errorOf(response));
}

async function errorOf(response: Response): Promise<string> {
  const { error } = await response.json();
  return String(error);
}
