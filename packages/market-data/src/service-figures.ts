import type { CandleAnswer } from './contract/candle-answer.ts';
import type {
  CandleStatistics,
  MarketDataStatistics,
  PartName,
  TierStatistics,
} from './contract/market-data-statistics.ts';
import type { ServiceParts } from './service-parts.ts';

type PartFigures = Pick<MarketDataStatistics, PartName>;

/** The figures that a service keeps itself: having them costs nothing, and asks nobody. */
export class ServiceFigures {
  readonly #parts: ServiceParts;
  readonly #served = { cache: 0, router: 0, disk: 0, storage: 0, coordinator: 0 };

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  served({ origins }: CandleAnswer): void {
    this.#served.cache += origins.cache;
    this.#served.router += origins.router;
    this.#served.disk += origins.disk;
    this.#served.storage += origins.storage;
    this.#served.coordinator += origins.coordinator;
  }

  /** @param adapters What the adapters know of themselves, and of the tiers that they are. */
  of(
    adapters: Partial<PartFigures> = {},
  ): Pick<MarketDataStatistics, 'candles' | 'router' | 'coordinator' | 'activity' | 'maintenance'> {
    const { live, fetcher, retrieval, activity, maintenance } = this.#parts;
    const coordinator = fetcher?.statistics;
    return {
      candles: this.#candles(adapters),
      router: live?.statistics,
      coordinator: coordinator && {
        ...coordinator,
        saved: coordinator.saved + retrieval.spared,
      },
      activity: activity.statistics,
      maintenance: maintenance?.statistics,
    };
  }

  #candles(adapters: Partial<PartFigures>): CandleStatistics {
    const { reader, directory } = this.#parts;
    const { cache: fromCache, router: fromRouter, disk: fromDisk } = this.#served;
    const { storage: fromStorage, coordinator: fromCoordinator } = this.#served;
    return {
      served: fromCache + fromRouter + fromDisk + fromStorage + fromCoordinator,
      fromCache,
      fromRouter,
      fromDisk,
      fromStorage,
      fromCoordinator,
      directReads: reader.directReads,
      tiers: this.#tiers().map((tier) => withUsage(tier, adapters)),
      series: directory.size,
    };
  }

  /** In the order in which they are consulted. */
  #tiers(): TierStatistics[] {
    const { memory, tiers, router, reader } = this.#parts;
    const all = [memory?.statistics ?? [], tiers.map(({ statistics }) => statistics)].flat();
    const nearest = all.filter(({ name }) => name === 'answers' || name === 'cache');
    const farther = [...all.slice(nearest.length), reader.statistics];
    return [...nearest, router?.statistics ?? [], ...farther].flat();
  }
}

function withUsage(tier: TierStatistics, adapters: Partial<PartFigures>): TierStatistics {
  if (tier.name === 'storage') return { ...tier, bytes: adapters.storage?.size.bytes };
  const cache =
    tier.name === 'cache' ? adapters.cache : tier.name === 'disk' ? adapters.diskCache : undefined;
  return cache === undefined ? tier : { ...tier, bytes: cache.bytes, evictions: cache.evictions };
}
