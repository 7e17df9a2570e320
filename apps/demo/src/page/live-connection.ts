import type { Timeframe } from '@barkeep/core';
import type { LiveEvents } from '../server/wire.ts';

export type LiveHandlers = {
  readonly [name in keyof LiveEvents]: (data: LiveEvents[name]) => void;
} & {
  /** The stream is there, for the first time or again. */
  readonly opened: () => void;
  /** The stream broke off; the browser tries again by itself. */
  readonly lost: () => void;
};

/** Hears of one series and its symbol until it is closed. */
export function connectLive(
  symbol: string,
  timeframe: Timeframe,
  handlers: LiveHandlers,
): { close(): void } {
  const source = new EventSource(`/events?${new URLSearchParams({ symbol, timeframe })}`);
  const listen = <Data>(name: keyof LiveEvents, handle: (data: Data) => void): void => {
    source.addEventListener(name, ({ data }: MessageEvent<string>) => handle(JSON.parse(data)));
  };
  listen('ticker', handlers.ticker);
  listen('book', handlers.book);
  listen('trades', handlers.trades);
  listen('candles', handlers.candles);
  listen('stats', handlers.stats);
  source.addEventListener('open', handlers.opened);
  source.addEventListener('error', handlers.lost);
  return source;
}
