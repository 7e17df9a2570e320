import type { Clock, EpochMs, Interval } from '@barkeep/core';
import type { CheckedQuery } from '@barkeep/storage';
import type { FetchingSettings } from '../check-config.ts';
import type { FetchOutcome, MissingCandleFetcher } from '../fetching/missing-candle-fetcher.ts';
import { MissingSearch } from '../fetching/missing-search.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import { candleAsk } from '../series/candle-ask.ts';
import type { SeriesDirectory } from '../series/series-directory.ts';
import { steadyStretch } from '../series/steady-stretch.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { CandleAnswer } from './candle-answer.ts';
import { type CandleReader, isCurrent, type StoredCandles } from './candle-reader.ts';
import { composeAnswer } from './compose-answer.ts';

export interface CandleRetrievalOptions {
  readonly directory: SeriesDirectory;
  readonly reader: CandleReader;
  /** `undefined` when no answers are kept. */
  readonly memory: AnswerMemory | undefined;
  /** `undefined` when there is no coordinator. */
  readonly fetcher: MissingCandleFetcher | undefined;
  /** `undefined` when there is no router. */
  readonly live: LiveFeed | undefined;
  readonly settings: FetchingSettings;
  readonly clock: Clock;
}

export interface RetrievalOptions {
  readonly fetchMissing: boolean;
  readonly signal: AbortSignal | undefined;
}

/** For so long a search that found nothing further back is not made again. */
const NO_EARLIER_MS = 3_600_000;
/** How often stored candles are read again because they changed before the coordinator was asked. */
const MAX_REREADS = 3;

/** Answers candle queries: with what is stored, and what the coordinator delivers on top. */
export class CandleRetrieval {
  readonly #options: CandleRetrievalOptions;

  constructor(options: CandleRetrievalOptions) {
    this.#options = options;
  }

  /** The answer that an equal query was given before, if it would be given again now. */
  recall(query: CheckedQuery, fetchMissing: boolean): CandleAnswer | undefined {
    const { directory, memory, fetcher, clock } = this.#options;
    if (memory === undefined) return undefined;
    const ask = candleAsk(query, directory.of(query.key));
    return memory.recall(ask, fetchMissing && fetcher !== undefined, clock.now());
  }

  async answer(
    queries: readonly CheckedQuery[],
    { fetchMissing, signal }: RetrievalOptions,
  ): Promise<CandleAnswer[]> {
    const { directory, reader, fetcher, live } = this.#options;
    const asks = queries.map((query) => candleAsk(query, directory.of(query.key)));
    if (live !== undefined) await Promise.all(asks.map(({ series }) => live.settle(series.text)));
    const stored = await reader.read(asks);
    if (fetcher === undefined || !fetchMissing) {
      return stored.map((candles) => this.#report(candles));
    }
    return Promise.all(stored.map((candles) => this.#complete(candles, fetcher, signal)));
  }

  #report(stored: StoredCandles): CandleAnswer {
    const { memory, clock } = this.#options;
    const now = clock.now();
    const answer = this.#compose(stored, [], now);
    memory?.keep(stored, false, answer, this.#steadyStretch(stored, now));
    return answer;
  }

  async #complete(
    first: StoredCandles,
    fetcher: MissingCandleFetcher,
    signal: AbortSignal | undefined,
  ): Promise<CandleAnswer> {
    const { settings, memory, clock } = this.#options;
    const { ask } = first;
    const search = new MissingSearch(ask, settings);
    const outcomes: FetchOutcome[] = [];
    let stored = await this.#upToDate(first);
    let now = clock.now();
    for (;;) {
      const wanted = search.next(stored, now);
      if (wanted.length === 0) break;
      outcomes.push(...(await fetcher.fetch(ask.series, wanted, signal)));
      stored = await this.#upToDate(stored);
      now = clock.now();
    }
    if (search.wentFurther) this.#noteVainSearch(first, stored, outcomes);
    const answer = this.#compose(stored, outcomes, now);
    if (outcomes.length === 0) {
      const { from, to } = this.#steadyStretch(stored, now);
      memory?.keep(stored, true, answer, { from, to: Math.min(to, search.idleUntil(now)) });
    }
    return answer;
  }

  /**
   * A fetch that ended since the reading is no longer in flight: by what was known before it, its stretch
   * would be asked for again.
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

  #steadyStretch({ ask }: StoredCandles, now: EpochMs): Interval {
    return steadyStretch(ask.series, now, this.#options.settings.closeGraceMs);
  }

  #compose(stored: StoredCandles, outcomes: readonly FetchOutcome[], now: EpochMs): CandleAnswer {
    return composeAnswer(stored, outcomes, now, this.#options.settings.closeGraceMs);
  }
}
