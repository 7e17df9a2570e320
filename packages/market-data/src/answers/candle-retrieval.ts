import {
  type Clock,
  type EpochMs,
  type Interval,
  type IntervalSet,
  monotonicTime,
} from '@barkeep/core';
import type { CheckedQuery } from '@barkeep/storage';
import type { FetchingSettings } from '../config/check-config.ts';
import type { CandleAnswer } from '../contract/candle-answer.ts';
import type { FetchOutcome } from '../fetching/fetch-outcome.ts';
import { mapAtATime } from '../fetching/map-at-a-time.ts';
import type { MissingCandleFetcher } from '../fetching/missing-candle-fetcher.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import { alignQuery } from '../series/aligned-query.ts';
import type { SeriesDirectory } from '../series/series-directory.ts';
import { fromFloor, type SeriesFloors } from '../series/series-floors.ts';
import type { SeriesState } from '../series/series-state.ts';
import { unsettledStretch } from '../series/unsettled-stretch.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { type CandleReader, isCurrent, type StoredCandles } from './candle-reader.ts';
import { composeAnswer } from './compose-answer.ts';
import { MissingSearch } from './missing-search.ts';

export interface CandleRetrievalOptions {
  readonly directory: SeriesDirectory;
  readonly reader: CandleReader;
  readonly floors: SeriesFloors;
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

/** How often stored candles are read again because they changed before the coordinator was asked. */
const MAX_REREADS = 3;

/** Answers candle queries: with what is stored, and what the coordinator delivers on top. */
export class CandleRetrieval {
  readonly #options: CandleRetrievalOptions;
  #spared = 0;

  constructor(options: CandleRetrievalOptions) {
    this.#options = options;
  }

  /** Answers that might have needed the coordinator, and had everything without. */
  get spared(): number {
    return this.#spared;
  }

  /** The answer that an equal query was given before, if it would be given again now. */
  recall(query: CheckedQuery, fetchMissing: boolean): CandleAnswer | undefined {
    const { directory, memory, fetcher, clock } = this.#options;
    if (memory === undefined) return undefined;
    const wanted = alignQuery(query, directory.of(query.key));
    const mayFetch = fetchMissing && fetcher !== undefined;
    const answer = memory.recall(wanted, mayFetch, clock.now());
    if (answer !== undefined && mayFetch) this.#spared += 1;
    return answer;
  }

  async answer(
    queries: readonly CheckedQuery[],
    { fetchMissing, signal }: RetrievalOptions,
  ): Promise<CandleAnswer[]> {
    const { directory, reader, fetcher, live, settings } = this.#options;
    const asks = queries.map((query) => alignQuery(query, directory.of(query.key)));
    await fetcher?.settle();
    if (live !== undefined) await Promise.all(asks.map(({ series }) => live.settle(series.text)));
    const stored = await reader.read(asks);
    if (fetcher === undefined || !fetchMissing) {
      return Promise.all(stored.map((candles) => this.#report(candles)));
    }
    // A few at a time: a batch of thousands must not stand before everybody else.
    const atATime = 2 * settings.maxConcurrentFetches;
    return mapAtATime(stored, atATime, (one) => this.#complete(one, fetcher, signal));
  }

  async #report(stored: StoredCandles): Promise<CandleAnswer> {
    const { memory, clock } = this.#options;
    const now = clock.now();
    const answer = await this.#compose(stored, [], [], now);
    memory?.keep(stored, false, answer, this.#steadyStretch(stored, now));
    return answer;
  }

  async #complete(
    first: StoredCandles,
    fetcher: MissingCandleFetcher,
    signal: AbortSignal | undefined,
  ): Promise<CandleAnswer> {
    const { settings, memory, clock } = this.#options;
    let stored = await this.#upToDate(first);
    const { wanted } = stored;
    const search = new MissingSearch(wanted, settings, monotonicTime(clock));
    const outcomes: FetchOutcome[] = [];
    let now = clock.now();
    let hasFailed = false;
    while (!hasFailed) {
      const sought = search.next(stored, now);
      if (sought.length === 0) break;
      stored = await this.#aboveFloor(stored, sought, now);
      const fetched = await fetcher.fetch(wanted.series, fromFloor(sought, stored.floor), signal);
      hasFailed = fetched.some(({ failure }) => failure !== undefined);
      outcomes.push(...fetched);
      stored = await this.#upToDate(stored);
      now = clock.now();
    }
    if (!hasFailed) search.noteIfVain(first, stored);
    const answer = await this.#compose(stored, outcomes, search.asked, now);
    if (outcomes.length === 0) {
      this.#spared += 1;
      const { from, to } = this.#steadyStretch(stored, now);
      memory?.keep(stored, true, answer, { from, to: Math.min(to, search.idleUntil(now)) });
    }
    return answer;
  }

  /**
   * A fetch that ended since the reading is no longer in flight: by what was known before it, its stretch
   * would be asked for again. Of a series that the directory had to forget no change would be heard of.
   */
  async #upToDate(stored: StoredCandles): Promise<StoredCandles> {
    let latest = stored;
    for (let reread = 0; reread < MAX_REREADS && !isCurrent(latest); reread += 1) {
      const series = this.#options.directory.of(stored.wanted.series.key);
      const [again] = await this.#options.reader.read([{ ...stored.wanted, series }]);
      latest = again ?? latest;
    }
    return latest;
  }

  #steadyStretch({ wanted }: StoredCandles, now: EpochMs): Interval {
    return steadyStretch(wanted.series, now, this.#options.settings.closeGraceMs);
  }

  /** What lacks of ended periods may have been removed lately, below a floor that is not known here yet. */
  async #aboveFloor(
    stored: StoredCandles,
    lacking: readonly Interval[],
    now: EpochMs,
  ): Promise<StoredCandles> {
    const { floors, settings } = this.#options;
    const { series } = stored.wanted;
    const [first] = lacking;
    const endedBy = unsettledStretch(series, now, settings.closeGraceMs).from;
    if (first === undefined || first.from >= endedBy) return stored;
    const floor = await floors.confirm(series, stored.snapshot);
    return floor === stored.floor ? stored : { ...stored, floor };
  }

  async #compose(
    stored: StoredCandles,
    outcomes: readonly FetchOutcome[],
    asked: IntervalSet,
    now: EpochMs,
  ): Promise<CandleAnswer> {
    const { closeGraceMs } = this.#options.settings;
    const answer = composeAnswer(stored, outcomes, asked, now, closeGraceMs);
    const sure = await this.#aboveFloor(stored, answer.missing, now);
    return sure === stored ? answer : composeAnswer(sure, outcomes, asked, now, closeGraceMs);
  }
}

/** The stretch around an instant in which the current period, and what counts as ended or as settling, stay the same. */
function steadyStretch({ grid, settling }: SeriesState, now: EpochMs, graceMs: number): Interval {
  const ended = now - graceMs;
  return {
    from: Math.max(grid.floor(now), grid.floor(ended) + graceMs),
    to: Math.min(grid.shift(now), grid.shift(ended) + graceMs, now + settling.settlesInMs),
  };
}
