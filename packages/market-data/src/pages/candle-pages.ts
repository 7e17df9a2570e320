import type { TierStatistics } from '../market-data-statistics.ts';
import { type CandlePage, isFresh, type PageRequest } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';

/** A page on its way, and the number of the last change before it was sought. */
interface PageFlight {
  readonly page: Promise<CandlePage>;
  readonly stamp: number;
}

/**
 * The pages of all series, sought tier by tier. Whoever asks for a page that is already on its way
 * waits for the same one, unless it has changed since: so a thousand equal reads cost the storage one.
 */
export class CandlePages {
  readonly #tiers: readonly CandlePageTier[];
  readonly #flights = new Map<string, PageFlight>();

  constructor(tiers: readonly CandlePageTier[]) {
    this.#tiers = tiers;
  }

  get statistics(): TierStatistics[] {
    return this.#tiers.map((tier) => tier.statistics);
  }

  /** The pages in the order of the requests. */
  load(requests: readonly PageRequest[]): Promise<CandlePage[]> {
    const search = new PageSearch();
    const pages = requests.map(
      (request) => this.#underway(request) ?? this.#launch(request, search),
    );
    if (search.requests.length > 0) this.#start(search);
    return Promise.all(pages);
  }

  /** Forgets every page that was kept. */
  async close(): Promise<void> {
    for (const tier of this.#tiers) await tier.close?.();
  }

  #underway(request: PageRequest): Promise<CandlePage> | undefined {
    const flight = this.#flights.get(textOf(request));
    return flight !== undefined && isFresh(request, flight.stamp) ? flight.page : undefined;
  }

  #launch(request: PageRequest, search: PageSearch): Promise<CandlePage> {
    const flight = { page: search.add(request), stamp: request.series.stamp };
    this.#flights.set(textOf(request), flight);
    return flight.page;
  }

  #start(search: PageSearch): void {
    const { requests } = search;
    const flights = requests.map((request) => this.#flights.get(textOf(request)));
    const land = (): void => {
      for (const [i, request] of requests.entries()) {
        const text = textOf(request);
        if (this.#flights.get(text) === flights[i]) this.#flights.delete(text);
      }
    };
    const seeking = this.#seek(requests);
    search.settle(seeking);
    seeking.then(land, land);
  }

  /** Asks a tier, has the tiers after it deliver what it lacks, and gives it that to keep. */
  async #seek(requests: readonly PageRequest[], depth = 0): Promise<CandlePage[]> {
    const tier = this.#tiers[depth];
    if (tier === undefined) throw new TypeError('the last tier must have every page');
    const found = await tier.read(requests);
    const lacking = requests.filter((_, i) => found[i] === undefined);
    if (lacking.length === 0) return found.filter((page) => page !== undefined);
    const fetched = await this.#seek(lacking, depth + 1);
    await tier.keep?.(lacking, fetched);
    let next = 0;
    return found.flatMap((page) => page ?? fetched[next++] ?? []);
  }
}

/** The pages that one call has to look for, each a promise before the looking begins. */
class PageSearch {
  readonly requests: PageRequest[] = [];
  readonly #found = Promise.withResolvers<CandlePage[]>();

  add(request: PageRequest): Promise<CandlePage> {
    const position = this.requests.push(request) - 1;
    return this.#found.promise.then((pages) => {
      const page = pages[position];
      if (page === undefined) throw new TypeError('every request must have a page');
      return page;
    });
  }

  settle(pages: Promise<CandlePage[]>): void {
    this.#found.resolve(pages);
  }
}

function textOf({ series, page }: PageRequest): string {
  return `${page}/${series.text}`;
}
