import { type Clock, type EpochMs, intersectIntervals, type SeriesKey } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { TierStatistics } from '../contract/market-data-statistics.ts';
import type { RouterTier } from '../live/router-tier.ts';
import type { CandlePage, FoundPage, PageRequest } from '../pages/candle-page.ts';
import type { CandlePageTier } from '../pages/candle-page-tier.ts';
import { type AlignedQuery, alignedQueryText } from '../series/aligned-query.ts';
import type { KnownSnapshot } from '../series/known-snapshot.ts';
import { NO_FLOOR, type SeriesFloors } from '../series/series-floors.ts';
import type { SeriesNotesStore } from '../series/series-notes-store.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import { CandleReading } from './candle-reading.ts';
import { overlayLive } from './overlay-live.ts';
import type { FoundCandles } from './page-walk.ts';
import { SharedReads } from './shared-reads.ts';

/** What is stored, as far as an ask reaches: all of it of one state. */
export interface StoredCandles extends FoundCandles {
  readonly wanted: AlignedQuery;
  readonly snapshot: KnownSnapshot;
  /** How many changes of the series had been heard of when the reading began. */
  readonly changes: number;
  /** How often the series had been touched when the router was asked. */
  readonly touches: number;
  /** What lies before is neither missing nor fetched; `-Infinity` for no floor. */
  readonly floor: EpochMs;
}

/** Whether no change of the series has been heard of since the reading began. */
export function isCurrent({ wanted, changes }: Pick<StoredCandles, 'wanted' | 'changes'>): boolean {
  return wanted.series.changes === changes && !wanted.series.isRetired;
}

export interface CandleReaderOptions {
  readonly storage: IMarketDataStorage;
  /** The nearest first; none: every read goes to the storage. */
  readonly tiers: readonly CandlePageTier[];
  /** Reads that would take more pages go to the storage directly, and leave the cache to others. */
  readonly maxPagesPerRead: number;
  readonly notesStore: SeriesNotesStore;
  readonly floors: SeriesFloors;
  /** Has the candles in the making; `undefined` when there is no router. */
  readonly router: RouterTier | undefined;
  readonly clock: Clock;
  readonly closeGraceMs: number;
  /** Called when coverage that cannot be believed could not be removed. */
  readonly onFailure: (error: unknown, key: SeriesKey) => void;
}

/** Found before the router was asked. */
type Stored = Omit<StoredCandles, 'touches' | 'floor'>;

/** Reads what is stored: through pages, or from the storage directly where pages do not pay. */
export class CandleReader {
  readonly #options: CandleReaderOptions;
  readonly #reads: SharedReads<AlignedQuery, Stored>;
  readonly #needsRevisions: boolean;
  #directReads = 0;
  #pagesRead = 0;
  #failures = 0;

  constructor(options: CandleReaderOptions) {
    this.#options = options;
    this.#needsRevisions = options.tiers.some(({ needsRevision }) => needsRevision);
    this.#reads = new SharedReads({
      textOf: alignedQueryText,
      stampOf: ({ series }) => series.changes,
      isUsable: ({ candles }) => !candles.isDetached,
      read: (asks) => this.#read(asks),
    });
  }

  get directReads(): number {
    return this.#directReads;
  }

  /** Of the storage, as the last tier. */
  /** Without what the storage itself knows: its bytes. */
  get statistics(): TierStatistics {
    const { name: adapter } = this.#options.storage;
    const [hits, failures] = [this.#pagesRead, this.#failures];
    const unknown = { bytes: undefined, evictions: undefined };
    return { name: 'storage', adapter, hits, misses: 0, failures, ...unknown };
  }

  /** One answer per ask, in their order; equal ones at a time are read once, and all in one go. */
  async read(asks: readonly AlignedQuery[]): Promise<StoredCandles[]> {
    const [stored, floors] = await Promise.all([
      this.#reads.load(asks),
      this.#floorsOf(asks),
      this.#readNotes(asks),
    ]);
    return stored.map((one, i) => {
      return { ...this.#withLive(one), floor: floors[i] ?? NO_FLOOR };
    });
  }

  async #read(asks: readonly AlignedQuery[]): Promise<Stored[]> {
    const readings = asks.map((wanted) => this.#reading(wanted));
    const changes = asks.map(({ series }) => series.changes);
    let open = readings.filter(({ isDone }) => !isDone);
    while (open.length > 0) {
      const stuck = await this.#lookInTiers(open);
      if (stuck.length > 0) await this.#askStorage(stuck);
      open = open.filter(({ isDone }) => !isDone);
    }
    return readings.map((reading, i) => {
      return { ...reading.result(), wanted: reading.wanted, changes: changes[i] ?? 0 };
    });
  }

  #reading(wanted: AlignedQuery): CandleReading {
    const { tiers, maxPagesPerRead, clock } = this.#options;
    return new CandleReading(wanted, {
      maxPages: tiers.length === 0 ? 0 : maxPagesPerRead,
      needsRevisions: this.#needsRevisions,
      now: clock.now(),
    });
  }

  /** Asks tier by tier for what is needed next. Returns the readings that need the storage. */
  async #lookInTiers(readings: readonly CandleReading[]): Promise<CandleReading[]> {
    const requests = readings.map((reading) => reading.requests);
    const pages = requests.length === 1 ? requests[0] : requests.flat();
    const found = await this.#seek(pages ?? []);
    let next = 0;
    return readings.filter((reading, i) => {
      const own = requests[i] ?? [];
      const isAll = reading.find(own, found.slice(next, next + own.length));
      next += own.length;
      return !reading.isDone && (!isAll || own.length === 0 || !reading.isConfirmed);
    });
  }

  /** What a farther tier has, the nearer ones keep. */
  async #seek(requests: readonly PageRequest[]): Promise<(CandlePage | undefined)[]> {
    const found: (CandlePage | undefined)[] = requests.map(() => undefined);
    const nearer: CandlePageTier[] = [];
    for (const tier of this.#options.tiers) {
      const open = requests.flatMap((_, i) => (found[i] === undefined ? [i] : []));
      if (open.length === 0) break;
      const sought = open.flatMap((i) => requests[i] ?? []);
      const pages = await tier.read(sought);
      for (const [place, i] of open.entries()) found[i] = pages[place];
      if (nearer.length > 0) await keepIn(nearer, sought, pages);
      nearer.push(tier);
    }
    return found;
  }

  /** One round trip for all of them. */
  async #askStorage(readings: readonly CandleReading[]): Promise<void> {
    const { storage, tiers, clock } = this.#options;
    const requests = readings.map((reading) => reading.request());
    this.#directReads += readings.filter(({ isDirect }) => isDirect).length;
    try {
      const snapshots = await storage.candles.snapshots(requests);
      const brought = readings.flatMap((reading, i) => {
        const snapshot = snapshots[i];
        if (snapshot === undefined) throw new TypeError('every request must have a snapshot');
        return reading.learn(snapshot, clock.now());
      });
      this.#pagesRead += brought.length;
      for (const tier of tiers) if (brought.length > 0) await tier.keep(brought);
      await Promise.all(readings.map((reading) => this.#dropDisbelieved(reading)));
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }

  /** Before anybody fetches these periods: what is covered would not be replaced. */
  async #dropDisbelieved({ wanted: { series }, disbelieved }: CandleReading): Promise<void> {
    const { storage, onFailure } = this.#options;
    for (const entry of disbelieved) {
      try {
        await storage.coverage.remove(series.key, entry);
      } catch (error) {
        onFailure(error, series.key);
      }
    }
  }

  async #readNotes(asks: readonly AlignedQuery[]): Promise<void> {
    const unread = asks.filter(({ series }) => series.notes === undefined);
    if (unread.length === 0) return;
    await Promise.all(
      unread.map(async ({ series }) => {
        const notes = await this.#options.notesStore.read(series.key);
        series.notes ??= notes;
      }),
    );
  }

  #floorsOf(asks: readonly AlignedQuery[]): EpochMs[] | Promise<EpochMs[]> {
    const known = asks.flatMap(({ series }) => series.floor ?? []);
    if (known.length === asks.length) return known;
    return Promise.all(asks.map(({ series }) => this.#options.floors.of(series)));
  }

  /** The router is asked last: nothing that happens is newer than what it has then. */
  #withLive(stored: Stored): Omit<StoredCandles, 'floor'> {
    const { router, clock, closeGraceMs } = this.#options;
    const { wanted, snapshot } = stored;
    const { touches } = wanted.series;
    if (router === undefined || wanted.limit === 0) return { ...stored, touches };
    const unsettled = unsettledStretch(wanted.series, clock.now(), closeGraceMs);
    const [stretch] = intersectIntervals([unsettled], [wanted.range]);
    const live = stretch === undefined ? undefined : router.candles(wanted.series.key, stretch);
    const found = live === undefined ? stored : overlayLive(stored, live, wanted, snapshot.covered);
    return { ...stored, ...found, touches };
  }
}

async function keepIn(
  tiers: readonly CandlePageTier[],
  requests: readonly PageRequest[],
  pages: readonly (CandlePage | undefined)[],
): Promise<void> {
  const kept = requests.flatMap((request, i): FoundPage[] => {
    const page = pages[i];
    if (page === undefined) return [];
    // Only pages that are covered to their end are kept farther away.
    return [{ ...request, candles: page.candles, revision: page.revision, isSettled: true }];
  });
  if (kept.length > 0) for (const tier of tiers) await tier.keep(kept);
}
