import { ManualClock, type SeriesKey } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataService,
  type MarketDataConfig,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { AbstractSmartRouter } from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { onTestFinished } from 'vitest';
import { KEY, NOON, settle } from './fixtures.ts';
import { TradedMarket } from './traded-market.ts';

/** Its writes and removals of coverage wait for a gate, and may fail. */
export class TroubledStorage extends MemoryStorage {
  gate: Promise<void> | undefined;
  error: Error | undefined;

  protected override async _write(
    ...call: Parameters<MemoryStorage['_write']>
  ): ReturnType<MemoryStorage['_write']> {
    await this.#trouble();
    return super._write(...call);
  }

  protected override async _removeCoverage(
    ...call: Parameters<MemoryStorage['_removeCoverage']>
  ): ReturnType<MemoryStorage['_removeCoverage']> {
    await this.#trouble();
    return super._removeCoverage(...call);
  }

  async #trouble(): Promise<void> {
    await this.gate;
    if (this.error !== undefined) throw this.error;
  }
}

export interface LiveDesk<Router extends AbstractSmartRouter = MemoryRouter> {
  readonly clock: ManualClock;
  readonly router: Router;
  readonly market: TradedMarket;
  readonly storage: TroubledStorage;
  readonly realtime: MemoryRealtime;
  readonly service: IMarketDataService;
  /** Time passes; the connection stays alive, unless it `isSilent`. */
  pass(milliseconds: number, isSilent?: boolean): Promise<void>;
  /** Trades, and sends the state of the candle. */
  deal(price: number, key?: SeriesKey): void;
  /** What of a stretch is not covered. */
  missing(from: number, to: number, key?: SeriesKey): Promise<readonly [number, number][]>;
}

export interface LiveDeskOptions extends Omit<Partial<MarketDataConfig>, 'router' | 'storage'> {
  readonly clock?: ManualClock;
  readonly router?: MemoryRouter;
  readonly storage?: TroubledStorage;
  /** Whether the market delivers what is missing. */
  readonly fetches?: boolean;
}

/** A service over a router in memory and a market that makes its candles of trades, at noon. */
export async function openLiveDesk(options: LiveDeskOptions = {}): Promise<LiveDesk> {
  const { fetches = false, clock = new ManualClock(NOON), ...config } = options;
  const { router = new MemoryRouter({ clock, name: 'upbit' }) } = options;
  const { storage = new TroubledStorage({ clock }) } = options;
  const market = new TradedMarket(clock);
  const realtime = new MemoryRealtime({ clock });
  const service = await createMarketData({
    realtime,
    ...(fetches ? { coordinator: market } : {}),
    ...config,
    storage,
    router,
    clock,
  });
  onTestFinished(async () => {
    storage.error = undefined;
    await service.close().catch(() => {});
  });
  const pass = async (milliseconds: number, isSilent = false): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 1_000) {
      clock.advance(Math.min(1_000, left));
      if (!isSilent) router.alive();
      await settle();
    }
  };
  const deal = (price: number, key: SeriesKey = KEY): void => {
    const done = market.trade(price);
    router.send({ type: 'trades', symbol: key.symbol, trades: [done] });
    router.send({ type: 'candle', live: market.stateAt(key, done) });
  };
  const missing = async (
    from: number,
    to: number,
    key = KEY,
  ): Promise<readonly [number, number][]> => {
    const stretches = await storage.coverage.missing(key, { from, to });
    return stretches.map((stretch) => [stretch.from, stretch.to] as const);
  };
  return { clock, router, market, storage, realtime, service, pass, deal, missing };
}
