import type { RouterEvent } from '@barkeep/source';

/** What happens on a market, as opposed to how the connection to it stands. */
export type MarketEvent = Extract<
  RouterEvent,
  { readonly type: 'ticker' | 'orderBook' | 'trades' | 'candle' }
>;
