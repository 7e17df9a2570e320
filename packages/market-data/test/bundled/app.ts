/** What the tests bundle: it has `@barkeep/market-data`, and of its adapters what is installed. */
import { createMarketData } from '@barkeep/market-data';

/** The URLs of a service's parts. */
export interface Urls {
  readonly storage: string;
  readonly realtime?: string;
  readonly cache?: string | false;
}

/** How a service came out that was made from URLs. */
export type Outcome =
  | { readonly candles: number }
  | {
      readonly name: string;
      readonly code: unknown;
      readonly message: string;
      readonly details: unknown;
    };

const KEY = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
const CANDLE = { timestamp: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };

/** Stores a candle in a service of these parts, and reads it. */
async function outcomeOf(urls: Urls): Promise<Outcome> {
  try {
    const service = await createMarketData(urls);
    await service.saveCandles(KEY, [CANDLE]);
    const { series } = await service.getCandles({ ...KEY, from: 0, to: 60_000 });
    await service.close();
    return { candles: series.length };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { name, message } = error;
    return {
      name,
      code: Reflect.get(error, 'code'),
      message,
      details: Reflect.get(error, 'details'),
    };
  }
}

declare global {
  var outcomesOf: (services: readonly Urls[]) => Promise<Outcome[]>;
}

globalThis.outcomesOf = (services) => Promise.all(services.map(outcomeOf));
