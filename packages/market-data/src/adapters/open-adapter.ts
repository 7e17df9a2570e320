import { type CallOptions, type Clock, onlyKnownKeys, type TradingHours } from '@barkeep/core';
import { adapterFromUrl } from './adapter-from-url.ts';
import type { SchemeTable, SchemeTables } from './known-adapters.ts';
import type { Part } from './owned-parts.ts';
import { type Adapter, withGivenAdapters } from './with-given-adapters.ts';

export interface OpenAdapterOptions extends CallOptions {
  /** Adapters of other packages, whose schemes the URL may have. Default: none. */
  readonly adapters?: readonly Adapter[] | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
}

export interface OpenRealtimeOptions extends OpenAdapterOptions {
  /** When the markets trade: expiry counts trading time only. Default: always. */
  readonly tradingHours?: TradingHours | undefined;
}

/** Makes and opens the adapter that a URL names. */
export async function openAdapter<A extends Part>(
  url: string,
  known: SchemeTables,
  tableOf: (tables: SchemeTables) => SchemeTable<A>,
  options: OpenRealtimeOptions = {},
): Promise<A> {
  onlyKnownKeys(options, ['adapters', 'clock', 'tradingHours', 'signal'], 'options');
  const { adapters, signal, ...common } = options;
  const table = tableOf(withGivenAdapters(known, adapters));
  const adapter = await adapterFromUrl(url, 'url', table, common);
  await adapter.open({ signal });
  return adapter;
}
