import type { IDataCache } from '@barkeep/cache';
import { monotonicTime } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import { AnswerMemory } from './answers/answer-memory.ts';
import { CandleReader } from './answers/candle-reader.ts';
import { CandleRetrieval } from './answers/candle-retrieval.ts';
import type { CheckedConfig } from './check-config.ts';
import { MissingCandleFetcher } from './fetching/missing-candle-fetcher.ts';
import { CandleRecorder } from './live/candle-recorder.ts';
import { LiveFeed } from './live/live-feed.ts';
import { LiveStreams } from './live/live-streams.ts';
import { RealtimeReader } from './live/realtime-reader.ts';
import { RealtimeRecorder } from './live/realtime-recorder.ts';
import { RouterTier } from './live/router-tier.ts';
import { CachePageTier } from './pages/cache-page-tier.ts';
import type { CandlePageTier } from './pages/candle-page-tier.ts';
import { CandlePages } from './pages/candle-pages.ts';
import { PageExpiry } from './pages/page-expiry.ts';
import { RevisionPageNames } from './pages/revision-page-names.ts';
import { RunPageNames } from './pages/run-page-names.ts';
import { StoragePageTier } from './pages/storage-page-tier.ts';
import { ReadingHabits } from './series/reading-habits.ts';
import { SeriesDirectory } from './series/series-directory.ts';
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
  /** `undefined` without any cache. */
  readonly pages: CandlePages | undefined;
  readonly memory: AnswerMemory | undefined;
  readonly reader: CandleReader;
  /** `undefined` without a coordinator. */
  readonly fetcher: MissingCandleFetcher | undefined;
  /** `undefined` without a router. */
  readonly router: RouterTier | undefined;
  readonly live: LiveFeed | undefined;
  readonly realtime: RealtimeReader;
  readonly retrieval: CandleRetrieval;
  /** `undefined` unless the series read most are preloaded. */
  readonly habits: ReadingHabits | undefined;
}

/** `closing` fires when the service closes. */
export function serviceParts(options: ServiceOptions, closing: AbortSignal): ServiceParts {
  const { storage, clock, candleCache, fetching, preload } = options;
  const streams = new LiveStreams();
  const directory = new SeriesDirectory(
    candleCache.pagePeriods,
    streams,
    options.seriesTags,
    monotonicTime(clock),
  );
  const notebook = new SeriesNotebook(storage);
  const pages = candlePages(options);
  const router = options.router === undefined ? undefined : new RouterTier(options.router);
  const reader = new CandleReader({
    storage,
    pages,
    maxPagesPerRead: candleCache.maxPagesPerRead,
    notebook,
    router,
    clock,
    closeGraceMs: fetching.closeGraceMs,
  });
  const { maxAnswers, maxAnswerBytes: maxBytes } = candleCache;
  const memory =
    pages === undefined || maxAnswers === 0
      ? undefined
      : new AnswerMemory({ maxAnswers, maxBytes });
  const fetcher = missingCandleFetcher(options, notebook, closing);
  const live = liveFeed(options, streams, directory, fetcher);
  const retrieval = new CandleRetrieval({
    directory,
    reader,
    memory,
    fetcher,
    live,
    settings: fetching,
    clock,
  });
  const realtime = new RealtimeReader(options.realtime, router);
  const habits = preload.mostRead === 0 ? undefined : new ReadingHabits(storage, clock);
  return {
    directory,
    notebook,
    pages,
    memory,
    reader,
    fetcher,
    router,
    live,
    realtime,
    retrieval,
    habits,
  };
}

function candlePages({
  storage,
  cache,
  diskCache,
  clock,
  candleCache,
  calendar,
  seriesTags,
}: ServiceOptions): CandlePages | undefined {
  if (cache === undefined && diskCache === undefined) return undefined;
  const common = { clock, expiry: new PageExpiry({ ...candleCache, calendar }), seriesTags };
  const tiers: CandlePageTier[] = [];
  if (cache !== undefined) {
    const names = new RunPageNames();
    tiers.push(new CachePageTier({ ...common, name: 'cache', cache, names, waits: true }));
  }
  if (diskCache !== undefined) {
    const names = storage.capabilities.revisions
      ? new RevisionPageNames(storage, candleCache.pagePeriods)
      : new RunPageNames();
    tiers.push(
      new CachePageTier({ ...common, name: 'disk', cache: diskCache, names, waits: false }),
    );
  }
  return new CandlePages([...tiers, new StoragePageTier(storage)]);
}

function missingCandleFetcher(
  { coordinator, storage, clock, fetching, maxAheadMs }: ServiceOptions,
  notebook: SeriesNotebook,
  closing: AbortSignal,
): MissingCandleFetcher | undefined {
  if (coordinator === undefined) return undefined;
  return new MissingCandleFetcher({
    coordinator,
    storage,
    notebook,
    clock,
    settings: fetching,
    maxAheadMs,
    closing,
  });
}

function liveFeed(
  { router, recording, storage, realtime, clock, fetching }: ServiceOptions,
  streams: LiveStreams,
  directory: SeriesDirectory,
  fetcher: MissingCandleFetcher | undefined,
): LiveFeed | undefined {
  if (router === undefined) return undefined;
  const listening = { router, streams, directory, clock };
  if (recording === undefined) {
    return new LiveFeed({ ...listening, candles: undefined, realtime: undefined });
  }
  const candles = new CandleRecorder({
    storage,
    directory,
    fetcher,
    clock,
    graceMs: fetching.closeGraceMs,
    intervalMs: recording.intervalMs,
    source: router.name,
  });
  return new LiveFeed({
    ...listening,
    candles,
    realtime: new RealtimeRecorder(realtime, clock),
  });
}
