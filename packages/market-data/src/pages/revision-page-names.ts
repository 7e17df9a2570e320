import type { IMarketDataStorage } from '@barkeep/storage';
import type { SeriesState } from '../series/series-state.ts';
import { isFresh, type PageRequest, stretchOf } from './candle-page.ts';
import { isSettled } from './page-expiry.ts';
import type { PageName, PageNames } from './page-names.ts';

/** A revision, and the number of the last change before it was read. */
interface KnownRevision {
  readonly revision: string;
  readonly stamp: number;
}

/** Of each series so many revisions are remembered. */
const MAX_REVISIONS = 1_024;

/**
 * Names that say which revision of the stored candles a page shows: pages under them are as good in
 * another process, or after a restart, as they are here, and one that is outdated is never found again.
 * Only pages that are covered to their end have a name, as any other will soon have another revision.
 */
export class RevisionPageNames implements PageNames {
  readonly prefix = undefined;
  readonly #storage: IMarketDataStorage;
  readonly #pagePeriods: number;
  readonly #revisions = new WeakMap<SeriesState, Map<number, KnownRevision>>();

  constructor(storage: IMarketDataStorage, pagePeriods: number) {
    this.#storage = storage;
    this.#pagePeriods = pagePeriods;
  }

  async find(requests: readonly PageRequest[]): Promise<(PageName | undefined)[]> {
    const settled = requests.filter(isSettled);
    await this.#learn(settled.filter((request) => this.#known(request) === undefined));
    return requests.map((request) => {
      const known = isSettled(request) ? this.#known(request) : undefined;
      return known && { key: this.#keyOf(request, known.revision), stamp: known.stamp };
    });
  }

  /** A change of another process may have come between the name and the page, unheard of so far. */
  async confirm(
    requests: readonly PageRequest[],
    names: readonly PageName[],
  ): Promise<readonly boolean[]> {
    const revisions = await this.#read(requests);
    return requests.map((request, i) => {
      return names[i]?.key === this.#keyOf(request, revisions[i] ?? '');
    });
  }

  async #learn(requests: readonly PageRequest[]): Promise<void> {
    const stamps = requests.map(({ series }) => series.stamp);
    const revisions = await this.#read(requests);
    for (const [i, { series, page }] of requests.entries()) {
      const known = this.#revisions.get(series) ?? new Map<number, KnownRevision>();
      if (known.size >= MAX_REVISIONS) known.clear();
      known.set(page, { revision: revisions[i] ?? '', stamp: stamps[i] ?? 0 });
      this.#revisions.set(series, known);
    }
  }

  /** In the order of the requests; one call of the storage for each series. */
  async #read(requests: readonly PageRequest[]): Promise<string[]> {
    const bySeries = Map.groupBy(requests, ({ series }) => series);
    const read = await Promise.all(
      Array.from(bySeries, async ([series, own]) => {
        const revisions = await this.#storage.candles.revisions(series.key, own.map(stretchOf));
        return own.map((request, i) => [request, revisions[i] ?? ''] as const);
      }),
    );
    const revisionOf = new Map(read.flat());
    return requests.map((request) => revisionOf.get(request) ?? '');
  }

  #known(request: PageRequest): KnownRevision | undefined {
    const known = this.#revisions.get(request.series)?.get(request.page);
    return known !== undefined && isFresh(request, known.stamp) ? known : undefined;
  }

  #keyOf({ series, page }: PageRequest, revision: string): string {
    return `candles/${this.#pagePeriods}/${page}/${revision}/${series.text}`;
  }
}
