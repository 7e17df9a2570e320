import type { Clock } from '@barkeep/core';
import type { CheckedQuery } from '@barkeep/storage';
import type { CandleAnswer } from './candle-answer.ts';
import { type CandleAsk, candleAsk } from './candle-ask.ts';
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
    const answers = stored.map((candles, i) => ({ candles, ask: asks[i] }));
    return Promise.all(
      answers.flatMap(({ ask, candles }) => {
        if (ask === undefined) return [];
        return fetcher !== undefined && fetchMissing
          ? this.#complete(ask, candles, fetcher, signal)
          : this.#compose(ask, candles, []);
      }),
    );
  }

  async #complete(
    ask: CandleAsk,
    first: StoredCandles,
    fetcher: MissingCandleFetcher,
    signal: AbortSignal | undefined,
  ): Promise<CandleAnswer> {
    const { settings, clock } = this.#options;
    const search = new MissingSearch(ask, settings);
    const outcomes: FetchOutcome[] = [];
    let stored = await this.#upToDate(ask, first);
    for (;;) {
      const wanted = search.next(stored, clock.now());
      if (wanted.length === 0) break;
      outcomes.push(...(await fetcher.fetch(ask.series, wanted, signal)));
      stored = await this.#upToDate(ask, stored);
    }
    if (search.wentFurther) this.#noteVainSearch(ask, first, stored, outcomes);
    return this.#compose(ask, stored, outcomes);
  }

  /**
   * A fetch that ended since the reading has told the change feed, and is no longer in flight: with
   * a doubtful ledger its stretch would be asked for again.
   */
  async #upToDate(ask: CandleAsk, stored: StoredCandles): Promise<StoredCandles> {
    let latest = stored;
    for (let reread = 0; reread < MAX_REREADS && !isCurrent(ask, latest); reread += 1) {
      const [again] = await this.#options.reader.read([ask]);
      latest = again ?? latest;
    }
    return latest;
  }

  #noteVainSearch(
    ask: CandleAsk,
    before: StoredCandles,
    after: StoredCandles,
    outcomes: readonly FetchOutcome[],
  ): void {
    const { candles } = after;
    if (ask.hasFrom || ask.take === 'first' || candles.length >= ask.limit) return;
    if (outcomes.some(({ failure }) => failure !== undefined)) return;
    if (candles.length > 0 && candles.firstTimestamp !== before.candles.firstTimestamp) return;
    ask.series.noEarlierUntil = this.#options.clock.now() + NO_EARLIER_MS;
  }

  #compose(ask: CandleAsk, stored: StoredCandles, outcomes: readonly FetchOutcome[]): CandleAnswer {
    const { clock, settings } = this.#options;
    return composeAnswer(ask, stored, outcomes, clock.now(), settings.closeGraceMs);
  }
}

function isCurrent({ series }: CandleAsk, { stamp }: StoredCandles): boolean {
  return series.doubtedAt <= stamp;
}
