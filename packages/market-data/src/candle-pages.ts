import { type CandlePage, isFresh, type PageRequest } from './candle-page.ts';
import type { CandlePageTier } from './candle-page-tier.ts';
import type { TierStatistics } from './market-data-statistics.ts';

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
  async load(requests: readonly PageRequest[]): Promise<CandlePage[]> {
    const pages: Promise<CandlePage>[] = [];
    const unsought: PageRequest[] = [];
    const positions: number[] = [];
    for (const [i, request] of requests.entries()) {
      const flight = this.#flights.get(textOf(request));
      if (flight !== undefined && isFresh(request, flight.stamp)) pages[i] = flight.page;
      else {
        unsought.push(request);
        positions.push(i);
      }
    }
    const launched = this.#launch(unsought);
    for (const [i, position] of positions.entries()) {
      const page = launched[i];
      if (page !== undefined) pages[position] = page;
    }
    return Promise.all(pages);
  }

  /** Forgets every page that was kept. */
  async close(): Promise<void> {
    for (const tier of this.#tiers) await tier.close?.();
  }

  #launch(requests: readonly PageRequest[]): Promise<CandlePage>[] {
    if (requests.length === 0) return [];
    const seeking = this.#seek(requests);
    return requests.map((request, i) => {
      const text = textOf(request);
      const flight = {
        page: seeking.then((pages) => pageAt(pages, i)),
        stamp: request.series.stamp,
      };
      this.#flights.set(text, flight);
      const land = (): void => {
        if (this.#flights.get(text) === flight) this.#flights.delete(text);
      };
      flight.page.then(land, land);
      return flight.page;
    });
  }

  async #seek(requests: readonly PageRequest[]): Promise<readonly (CandlePage | undefined)[]> {
    const found: (CandlePage | undefined)[] = requests.map(() => undefined);
    for (const [depth, tier] of this.#tiers.entries()) {
      const wanted = [...requests.keys()].filter((i) => found[i] === undefined);
      if (wanted.length === 0) break;
      const sought = wanted.flatMap((i) => requests[i] ?? []);
      const pages = await tier.read(sought);
      for (const [j, i] of wanted.entries()) found[i] = pages[j];
      await this.#offer(depth, sought, pages);
    }
    return found;
  }

  /** Gives what a tier delivered to the tiers before it. */
  async #offer(
    depth: number,
    requests: readonly PageRequest[],
    pages: readonly (CandlePage | undefined)[],
  ): Promise<void> {
    const nearer = this.#tiers.slice(0, depth).filter((tier) => tier.keep !== undefined);
    if (nearer.length === 0) return;
    const hits = requests.filter((_, i) => pages[i] !== undefined);
    const kept = pages.filter((page) => page !== undefined);
    if (hits.length === 0) return;
    await Promise.all(nearer.map((tier) => tier.keep?.(hits, kept)));
  }
}

function textOf({ series, page }: PageRequest): string {
  return `${page}/${series.text}`;
}

function pageAt(pages: readonly (CandlePage | undefined)[], i: number): CandlePage {
  const page = pages[i];
  if (page === undefined) throw new TypeError('the last tier must have every page');
  return page;
}
