import type { Clock } from '@barkeep/core';
import type { CheckedQuery } from '@barkeep/storage';
import type { CandleAnswer } from './candle-answer.ts';
import { candleAsk } from './candle-ask.ts';
import type { CandleReader, StoredCandles } from './candle-reader.ts';
import { composeAnswer } from './compose-answer.ts';
import type { FetchingSettings } from './market-data-config.ts';
import type { FetchOutcome, MissingCandleFetcher } from './missing-candle-fetcher.ts';
import { MissingSearch } from './missing-search.ts';
import type { SeriesDirectory } from './series-directory.ts';

export interface CandleRetrievalOptions {
  readonly directory: SeriesDirectory;
  readonly reader: CandleReader;
  /** `undefined` when there is no coordinator. */
  readonly fetcher: MissingCandleFetcher | undefined;
  readonly settings: FetchingSettings;
  readonly clock: Clock;
}

export interface RetrievalOptions {
  readonly fetchMissing: boolean;
  readonly signal: AbortSignal | undefined;
}

/** For so long a search that found nothing further back is not made again. */
const NO_EARLIER_MS = 3_600_000;
/** How often stored candles are read again because coverage changed before they could be used. */
const MAX_REREADS = 3;

/** Answers candle queries: with what is stored, and what the coordinator delivers on top. */
export class CandleRetrieval {
  readonly #options: CandleRetrievalOptions;

  constructor(options: CandleRetrievalOptions) {
    this.#options = options;
  }

  async answer(
    queries: readonly CheckedQuery[],
    { fetchMissing, signal }: RetrievalOptions,
  ): Promise<CandleAnswer[]> {
    const { directory, reader, fetcher } = this.#options;
    const asks = queries.map((query) => candleAsk(query, directory.of(query.key)));
    const stored = await reader.read(asks);
    if (fetcher === undefined || !fetchMissing) {
      return stored.map((candles) => this.#compose(candles, []));
    }
    return Promise.all(stored.map((candles) => this.#complete(candles, fetcher, signal)));
  }

  async #complete(
    first: StoredCandles,
    fetcher: MissingCandleFetcher,
    signal: AbortSignal | undefined,
  ): Promise<CandleAnswer> {
    const { settings, clock } = this.#options;
    const { ask } = first;
    const search = new MissingSearch(ask, settings);
    const outcomes: FetchOutcome[] = [];
    let stored = await this.#upToDate(first);
    for (;;) {
      const wanted = search.next(stored, clock.now());
      if (wanted.length === 0) break;
      outcomes.push(...(await fetcher.fetch(ask.series, wanted, signal)));
      stored = await this.#upToDate(stored);
    }
    if (search.wentFurther) this.#noteVainSearch(first, stored, outcomes);
    return this.#compose(stored, outcomes);
  }

  /**
   * A fetch that ended since the reading has told the change feed, and is no longer in flight: with
   * a doubtful ledger its stretch would be asked for again.
   */
  async #upToDate(stored: StoredCandles): Promise<StoredCandles> {
    let latest = stored;
    for (let reread = 0; reread < MAX_REREADS && !isCurrent(latest); reread += 1) {
      const [again] = await this.#options.reader.read([stored.ask]);
      latest = again ?? latest;
    }
    return latest;
  }

  #noteVainSearch(
    before: StoredCandles,
    after: StoredCandles,
    outcomes: readonly FetchOutcome[],
  ): void {
    const { ask, candles } = after;
    if (ask.hasFrom || ask.take === 'first' || candles.length >= ask.limit) return;
    if (outcomes.some(({ failure }) => failure !== undefined)) return;
    if (candles.length > 0 && candles.firstTimestamp !== before.candles.firstTimestamp) return;
    ask.series.noEarlierUntil = this.#options.clock.now() + NO_EARLIER_MS;
  }

  #compose(stored: StoredCandles, outcomes: readonly FetchOutcome[]): CandleAnswer {
    const { clock, settings } = this.#options;
    return composeAnswer(stored, outcomes, clock.now(), settings.closeGraceMs);
  }
}

function isCurrent({ ask, stamp }: StoredCandles): boolean {
  return ask.series.doubtedAt <= stamp;
}
