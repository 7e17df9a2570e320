import type { IDataCache } from '@barkeep/cache';
import { ListenerSet, monotonicTime } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import { AnswerMemory } from './answers/answer-memory.ts';
import { CandleReader } from './answers/candle-reader.ts';
import { CandleRetrieval } from './answers/candle-retrieval.ts';
import type { CheckedConfig } from './config/check-config.ts';
import type { FailureEvent, Notice } from './contract/market-data-event.ts';
import { MissingCandleFetcher } from './fetching/missing-candle-fetcher.ts';
import { CandleRecorder } from './live/candle-recorder.ts';
import { FailureLog } from './live/failure-log.ts';
import { LiveArrivals } from './live/live-arrivals.ts';
import { LiveFeed } from './live/live-feed.ts';
import { RealtimeActivity } from './live/realtime-activity.ts';
import { RealtimeReader } from './live/realtime-reader.ts';
import { RealtimeRecorder } from './live/realtime-recorder.ts';
import { RouterTier } from './live/router-tier.ts';
import { MaintenanceRunner } from './maintenance/maintenance-runner.ts';
import { AnalyzeTask } from './maintenance/tasks/analyze-task.ts';
import { BackupTask } from './maintenance/tasks/backup-task.ts';
import { IncrementalVacuumTask } from './maintenance/tasks/incremental-vacuum-task.ts';
import { IntegrityCheckTask } from './maintenance/tasks/integrity-check-task.ts';
import { ReindexTask } from './maintenance/tasks/reindex-task.ts';
import { RetentionTask } from './maintenance/tasks/retention-task.ts';
import { VacuumTask } from './maintenance/tasks/vacuum-task.ts';
import { CachePageTier } from './pages/cache-page-tier.ts';
import type { CandlePageTier } from './pages/candle-page-tier.ts';
import { PageExpiry } from './pages/page-expiry.ts';
import { Retention } from './retention/retention.ts';
import { LiveStreams } from './series/live-streams.ts';
import { ReadingHabits } from './series/reading-habits.ts';
import { SeriesDirectory } from './series/series-directory.ts';
import { SeriesFloors } from './series/series-floors.ts';
import { SeriesNotesStore } from './series/series-notes-store.ts';

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
  readonly notesStore: SeriesNotesStore;
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
  /** Failures of work that nobody awaits, and alerts. */
  readonly notices: ListenerSet<Notice>;
  readonly activity: RealtimeActivity;
  readonly realtime: RealtimeReader;
  readonly retrieval: CandleRetrieval;
  /** `undefined` where the storage cannot be maintained. */
  readonly maintenance: MaintenanceRunner | undefined;
  /** `undefined` unless the series read most are preloaded. */
  readonly habits: ReadingHabits | undefined;
}

/** `closing` fires when the service closes. */
export function serviceParts(options: ServiceOptions, closing: AbortSignal): ServiceParts {
  const { storage, clock, candleCache, fetching, preload, calendar } = options;
  const notices = new ListenerSet<Notice>();
  const failed = new FailureLog('fetching', clock, (failure) => notices.emit(failure));
  const activity = new RealtimeActivity(clock);
  const streams = new LiveStreams();
  const arrivals = new LiveArrivals({ clock, expiry: options.realtime.expiry, calendar });
  const directory = new SeriesDirectory(
    candleCache.pagePeriods,
    streams,
    options.seriesTags,
    monotonicTime(clock),
  );
  const notesStore = new SeriesNotesStore(storage);
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
    notesStore,
    floors,
    router,
    clock,
    closeGraceMs: fetching.closeGraceMs,
    onFailure: (error, key) => void failed.add(error, key),
  });
  const { maxAnswers, maxAnswerBytes: maxBytes } = candleCache;
  const memory =
    tiers.length === 0 || maxAnswers === 0 ? undefined : new AnswerMemory({ maxAnswers, maxBytes });
  const fetcher = missingCandleFetcher(options, { notesStore, floors }, closing);
  fetcher?.onFailure(({ key, error, at }) =>
    notices.emit({ type: 'failure', of: 'fetching', key, error, at }),
  );
  const live = liveFeed(options, {
    streams,
    arrivals,
    activity,
    directory,
    floors,
    fetcher,
    notices,
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
    notesStore,
    floors,
    retention,
    tiers,
    memory,
    reader,
    fetcher,
    router,
    live,
    notices,
    activity,
    realtime,
    retrieval,
    maintenance: maintenanceRunner(options, { notices, retention }, closing),
    habits,
  };
}

function maintenanceRunner(
  { storage, clock, maintenance: settings, retention: rules }: ServiceOptions,
  { notices, retention }: Pick<ServiceParts, 'notices' | 'retention'>,
  closing: AbortSignal,
): MaintenanceRunner | undefined {
  const { maintenance } = storage;
  if (maintenance === undefined) return undefined;
  const log = new FailureLog('maintenance', clock, (failure) => notices.emit(failure));
  const runner = new MaintenanceRunner({
    storage,
    maintenance,
    clock,
    settings,
    owner: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
    tasks: [
      // What it removes, the next ones give back.
      ...(rules === undefined ? [] : [new RetentionTask(retention)]),
      new VacuumTask(settings),
      new IncrementalVacuumTask(settings),
      new AnalyzeTask(settings),
      new ReindexTask(settings),
      new IntegrityCheckTask(settings),
      ...(settings.backup && storage.backup ? [new BackupTask(settings.backup)] : []),
    ],
    closing,
    onFailure: (error) => void log.add(error),
  });
  runner.onRun((run) => notices.emit({ type: 'maintenance', run }));
  return runner;
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
  { notesStore, floors }: Pick<ServiceParts, 'notesStore' | 'floors'>,
  closing: AbortSignal,
): MissingCandleFetcher | undefined {
  if (coordinator === undefined) return undefined;
  return new MissingCandleFetcher({
    coordinator,
    storage,
    notesStore,
    floors,
    clock,
    settings: fetching,
    maxAheadMs,
    closing,
  });
}

function liveFeed(
  options: ServiceOptions,
  parts: Pick<ServiceParts, 'activity' | 'directory' | 'floors' | 'fetcher' | 'notices'> & {
    readonly streams: LiveStreams;
    readonly arrivals: LiveArrivals;
  },
): LiveFeed | undefined {
  const { router, recording, storage, clock, fetching } = options;
  if (router === undefined) return undefined;
  const { notices, ...listening } = parts;
  const onFailure = (failure: FailureEvent): void => notices.emit(failure);
  const feed = { ...options, ...listening, router, onFailure };
  if (recording === undefined) {
    return new LiveFeed({ ...feed, recordCandles: undefined, realtime: undefined });
  }
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
