import type { IDataCache } from '@barkeep/cache';
import { ListenerSet, monotonicTime } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import { AnswerMemory } from './answers/answer-memory.ts';
import { CandleReader } from './answers/candle-reader.ts';
import { CandleRetrieval } from './answers/candle-retrieval.ts';
import type { CheckedConfig } from './config/check-config.ts';
import type { FailureEvent } from './contract/market-data-event.ts';
import { MissingCandleFetcher } from './fetching/missing-candle-fetcher.ts';
import { CandleRecorder } from './live/candle-recorder.ts';
import { FailureLog } from './live/failure-log.ts';
import { LiveArrivals } from './live/live-arrivals.ts';
import { LiveFeed } from './live/live-feed.ts';
import { RealtimeReader } from './live/realtime-reader.ts';
import { RealtimeRecorder } from './live/realtime-recorder.ts';
import { RouterTier } from './live/router-tier.ts';
import { CachePageTier } from './pages/cache-page-tier.ts';
import type { CandlePageTier } from './pages/candle-page-tier.ts';
import { PageExpiry } from './pages/page-expiry.ts';
import { Retention } from './retention/retention.ts';
import { LiveStreams } from './series/live-streams.ts';
import { ReadingHabits } from './series/reading-habits.ts';
import { SeriesDirectory } from './series/series-directory.ts';
import { SeriesFloors } from './series/series-floors.ts';
import { SeriesNotebook } from './series/series-notebook.ts';

/** A checked configuration with its adapters open. */
export interface ServiceOptions extends CheckedConfig {
  readonly storage: IMarketDataStorage;
  readonly realtime: IRealtimeCache;
  readonly cache: IDataCache | undefined;
  readonly diskCache: IDataCache | undefined;
}

/** What a service is made of, each part knowing those it needs. */
export interface ServiceParts {
  readonly directory: SeriesDirectory;
  readonly notebook: SeriesNotebook;
  readonly floors: SeriesFloors;
  readonly retention: Retention;
  /** The caches of pages, the nearest first. */
  readonly tiers: readonly CandlePageTier[];
  readonly memory: AnswerMemory | undefined;
  readonly reader: CandleReader;
  /** `undefined` without a coordinator. */
  readonly fetcher: MissingCandleFetcher | undefined;
  /** `undefined` without a router. */
  readonly router: RouterTier | undefined;
  readonly live: LiveFeed | undefined;
  /** Of work that nobody awaits. */
  readonly failures: ListenerSet<FailureEvent>;
  readonly realtime: RealtimeReader;
  readonly retrieval: CandleRetrieval;
  /** `undefined` unless the series read most are preloaded. */
  readonly habits: ReadingHabits | undefined;
}

/** `closing` fires when the service closes. */
export function serviceParts(options: ServiceOptions, closing: AbortSignal): ServiceParts {
  const { storage, clock, candleCache, fetching, preload, calendar } = options;
  const failures = new ListenerSet<FailureEvent>();
  const failed = new FailureLog('fetching', clock, (failure) => failures.emit(failure));
  const streams = new LiveStreams();
  const arrivals = new LiveArrivals({ clock, expiry: options.realtime.expiry, calendar });
  const directory = new SeriesDirectory(
    candleCache.pagePeriods,
    streams,
    options.seriesTags,
    monotonicTime(clock),
  );
  const notebook = new SeriesNotebook(storage);
  const floors = new SeriesFloors(storage);
  const tiers = pageTiers(options);
  const router =
    options.router === undefined
      ? undefined
      : new RouterTier({ ...options, router: options.router, streams, arrivals });
  const reader = new CandleReader({
    storage,
    tiers,
    maxPagesPerRead: candleCache.maxPagesPerRead,
    notebook,
    floors,
    router,
    clock,
    closeGraceMs: fetching.closeGraceMs,
    onFailure: (error, key) => void failed.add(error, key),
  });
  const { maxAnswers, maxAnswerBytes: maxBytes } = candleCache;
  const memory =
    tiers.length === 0 || maxAnswers === 0 ? undefined : new AnswerMemory({ maxAnswers, maxBytes });
  const fetcher = missingCandleFetcher(options, { notebook, floors }, closing);
  fetcher?.onFailure(({ key, error, at }) =>
    failures.emit({ type: 'failure', of: 'fetching', key, error, at }),
  );
  const live = liveFeed(options, {
    streams,
    arrivals,
    directory,
    floors,
    fetcher,
    failures,
  });
  const retrieval = new CandleRetrieval({
    directory,
    reader,
    floors,
    memory,
    fetcher,
    live,
    settings: fetching,
    clock,
  });
  const realtime = new RealtimeReader(options.realtime, router);
  const habits = preload.mostRead === 0 ? undefined : new ReadingHabits(storage, clock);
  const retention = new Retention({
    storage,
    floors,
    rules: options.retention,
    seriesTags: options.seriesTags,
    clock,
    pagePeriods: candleCache.pagePeriods,
    closing,
  });
  return {
    directory,
    notebook,
    floors,
    retention,
    tiers,
    memory,
    reader,
    fetcher,
    router,
    live,
    failures,
    realtime,
    retrieval,
    habits,
  };
}

function pageTiers({
  storage,
  cache,
  diskCache,
  clock,
  candleCache,
  calendar,
  seriesTags,
}: ServiceOptions): CandlePageTier[] {
  const { pagePeriods } = candleCache;
  const expiry = new PageExpiry({ ...candleCache, calendar });
  const common = { clock, expiry, pagePeriods, seriesTags };
  const tiers: CandlePageTier[] = [];
  if (cache !== undefined) {
    tiers.push(new CachePageTier({ ...common, name: 'cache', cache, keeps: 'run', waits: true }));
  }
  if (diskCache !== undefined) {
    const keeps = storage.capabilities.revisions ? 'revision' : 'run';
    tiers.push(
      new CachePageTier({ ...common, name: 'disk', cache: diskCache, keeps, waits: false }),
    );
  }
  return tiers;
}

function missingCandleFetcher(
  { coordinator, storage, clock, fetching, maxAheadMs }: ServiceOptions,
  { notebook, floors }: Pick<ServiceParts, 'notebook' | 'floors'>,
  closing: AbortSignal,
): MissingCandleFetcher | undefined {
  if (coordinator === undefined) return undefined;
  return new MissingCandleFetcher({
    coordinator,
    storage,
    notebook,
    floors,
    clock,
    settings: fetching,
    maxAheadMs,
    closing,
  });
}

function liveFeed(
  options: ServiceOptions,
  parts: Pick<ServiceParts, 'directory' | 'floors' | 'fetcher' | 'failures'> & {
    readonly streams: LiveStreams;
    readonly arrivals: LiveArrivals;
  },
): LiveFeed | undefined {
  const { router, recording, storage, clock, fetching } = options;
  if (router === undefined) return undefined;
  const { failures, ...listening } = parts;
  const feed = { ...options, ...listening, router };
  if (recording === undefined) {
    return new LiveFeed({ ...feed, recordCandles: undefined, realtime: undefined });
  }
  const onFailure = (failure: FailureEvent): void => failures.emit(failure);
  return new LiveFeed({
    ...feed,
    recordCandles: (seenUntil) =>
      new CandleRecorder({
        storage,
        directory: parts.directory,
        streams: parts.streams,
        floors: parts.floors,
        fetcher: parts.fetcher,
        clock,
        graceMs: fetching.closeGraceMs,
        settlingMs: fetching.settlingMs,
        intervalMs: recording.intervalMs,
        source: router.name,
        seenUntil,
        onFailure,
      }),
    realtime: new RealtimeRecorder(options.realtime, clock, onFailure),
  });
}
