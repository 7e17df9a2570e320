import type { IDataCache } from '@barkeep/cache';
import {
  type Clock,
  invalidInput,
  onlyKnownKeys,
  type SeriesKey,
  systemClock,
  TradingCalendar,
  type TradingHours,
} from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataCoordinator, ISmartRouter } from '@barkeep/source';
import type { CheckedQuery, IMarketDataStorage } from '@barkeep/storage';
import type { Adapter } from '../adapters/with-given-adapters.ts';
import { checkMonitoring, type MonitoringSettings } from './check-monitoring.ts';
import { checkQueries } from './check-queries.ts';
import {
  BACKUP_DEFAULTS,
  BREAKER_DEFAULTS,
  CANDLE_CACHE_DEFAULTS,
  DEFAULT_MAX_AHEAD_MS,
  DEFAULT_QUIET,
  FETCHING_DEFAULTS,
  MAINTENANCE_NUMBERS,
  RECORDING_DEFAULTS,
  RETRY_DEFAULTS,
} from './defaults.ts';
import type { BackupSettings, MaintenanceSettings } from './maintenance-settings.ts';
import type {
  BackupConfig,
  BreakerPolicy,
  FetchingConfig,
  MaintenanceConfig,
  MarketDataConfig,
  PreloadConfig,
  RetryPolicy,
} from './market-data-config.ts';
import { requireCount, requireMethod, requireObject } from './require-fields.ts';
import { type CheckedRetentionRule, checkRetention } from './retention-rules.ts';

/** The candle cache's configuration with every default filled in. */
export interface CandleCacheSettings {
  readonly pagePeriods: number;
  readonly maxPagesPerRead: number;
  readonly settledPageTtlMs: number;
  readonly oldPageTtlMs: number;
  readonly unsettledPageTtlMs: number;
  readonly maxAnswers: number;
  readonly maxAnswerBytes: number;
}

/** The fetching configuration with every default filled in. */
export interface FetchingSettings {
  readonly closeGraceMs: number;
  readonly settlingMs: number;
  readonly currentMaxAgeMs: number;
  readonly maxPeriodsPerFetch: number;
  readonly maxConcurrentFetches: number;
  readonly maxWaitingFetches: number;
  readonly timeoutMs: number;
  readonly maxSearchRounds: number;
  readonly retry: RetryPolicy;
  readonly breaker: BreakerPolicy;
  readonly random: () => number;
}

/** The recording configuration with every default filled in. */
export interface RecordingSettings {
  readonly intervalMs: number;
}

/** What to preload, checked. */
export interface PreloadSettings {
  readonly queries: readonly CheckedQuery[];
  readonly mostRead: number;
}

/** A configuration that was checked, with every default filled in. */
export interface CheckedConfig {
  readonly adapters: readonly Adapter[] | undefined;
  readonly storage: IMarketDataStorage | string;
  readonly realtime: IRealtimeCache | string;
  readonly cache: IDataCache | string | undefined;
  readonly diskCache: IDataCache | string | undefined;
  readonly router: ISmartRouter | undefined;
  /** `undefined`: nothing is recorded. */
  readonly recording: RecordingSettings | undefined;
  readonly coordinator: IMarketDataCoordinator | undefined;
  readonly clock: Clock;
  readonly maxAheadMs: number;
  readonly candleCache: CandleCacheSettings;
  readonly fetching: FetchingSettings;
  readonly tradingHours: TradingHours | undefined;
  /** Of `tradingHours`; `undefined`: the markets always trade. */
  readonly calendar: TradingCalendar | undefined;
  readonly seriesTags: (key: SeriesKey) => readonly string[];
  readonly preload: PreloadSettings;
  readonly monitoring: MonitoringSettings;
  readonly maintenance: MaintenanceSettings;
  /** Whether the database is looked after without being asked to. */
  readonly maintainsItself: boolean;
  /** `undefined`: retention is the business of another service, or of none. */
  readonly retention: readonly CheckedRetentionRule[] | undefined;
}

const CONFIG_KEYS = [
  'adapters',
  'storage',
  'realtime',
  'cache',
  'diskCache',
  'router',
  'recording',
  'coordinator',
  'clock',
  'maxAheadMs',
  'candleCache',
  'fetching',
  'tradingHours',
  'seriesTags',
  'preload',
  'alerts',
  'storageLimitBytes',
  'logger',
  'slowOperationMs',
  'maintenance',
  'retention',
] as const;

/** Durations and counts that may be nothing; every other number is at least 1. */
const MAY_BE_ZERO = [
  'closeGraceMs',
  'settlingMs',
  'currentMaxAgeMs',
  'baseDelayMs',
  'maxDelayMs',
  'maxAnswers',
  'mostRead',
];

/** @throws BarkeepError `INVALID_INPUT` naming the option and the rule. */
export function checkConfig(config: MarketDataConfig): CheckedConfig {
  requireObject(config, 'config');
  onlyKnownKeys(config, CONFIG_KEYS, 'config');
  const {
    storage,
    realtime = 'memory:',
    cache = 'memory:',
    diskCache,
    router,
    recording,
    coordinator,
    clock = systemClock,
    maxAheadMs = DEFAULT_MAX_AHEAD_MS,
    tradingHours,
    seriesTags = () => [],
  } = config;
  requirePart(storage, 'storage', 'candles');
  requirePart(realtime, 'realtime', 'tickers');
  if (cache !== false) requirePart(cache, 'cache', 'getMany');
  if (diskCache !== undefined) requirePart(diskCache, 'diskCache', 'getMany');
  if (coordinator !== undefined) requireMethod(coordinator, 'coordinator', 'fetchCandles');
  if (router !== undefined) requireMethod(router, 'router', 'subscribe');
  if (typeof seriesTags !== 'function') {
    throw invalidInput({ field: 'seriesTags', rule: 'must be a function', value: seriesTags });
  }
  requireMethod(clock, 'clock', 'now');
  requireMethod(clock, 'clock', 'setTimer');
  requireCount(maxAheadMs, 'maxAheadMs', 0);
  return {
    adapters: config.adapters,
    storage,
    realtime,
    cache: cache === false ? undefined : cache,
    diskCache,
    router,
    recording: recording === false ? undefined : filled(recording, RECORDING_DEFAULTS, 'recording'),
    coordinator,
    clock,
    maxAheadMs,
    candleCache: filled(config.candleCache, CANDLE_CACHE_DEFAULTS, 'candleCache'),
    fetching: checkFetching(config.fetching ?? {}, coordinator?.settlingMs),
    tradingHours,
    calendar: tradingHours === undefined ? undefined : new TradingCalendar(tradingHours),
    seriesTags,
    preload: checkPreload(config.preload ?? {}),
    monitoring: checkMonitoring(config),
    maintenance: checkMaintenance(config.maintenance === false ? {} : config.maintenance),
    maintainsItself: config.maintenance !== false,
    retention: config.retention === undefined ? undefined : checkRetention(config.retention),
  };
}

function checkPreload(config: PreloadConfig): PreloadSettings {
  requireObject(config, 'preload');
  const { queries = [], ...numbers } = config;
  return {
    queries: checkQueries(queries),
    ...filled(numbers, { mostRead: 0 }, 'preload'),
  };
}

function checkMaintenance(config: MaintenanceConfig = {}): MaintenanceSettings {
  requireObject(config, 'maintenance');
  const { quietHours, backup, freeRatio = MAINTENANCE_NUMBERS.freeRatio, ...counts } = config;
  const { freeRatio: _freeRatio, ...defaults } = MAINTENANCE_NUMBERS;
  if (!(typeof freeRatio === 'number' && freeRatio > 0 && freeRatio <= 1)) {
    const rule = 'must be above 0 and at most 1';
    throw invalidInput({ field: 'maintenance.freeRatio', rule, value: freeRatio });
  }
  return {
    ...filled(counts, defaults, 'maintenance'),
    freeRatio,
    quiet: quietHours === undefined ? DEFAULT_QUIET : new TradingCalendar(quietHours),
    backup: backup === undefined ? undefined : checkBackup(backup),
  };
}

function checkBackup(config: BackupConfig): BackupSettings {
  requireObject(config, 'maintenance.backup');
  const { directory, keep = BACKUP_DEFAULTS.keep, ...durations } = config;
  if (typeof directory !== 'string' || directory === '') {
    const rule = 'must be the path of a directory';
    throw invalidInput({ field: 'maintenance.backup.directory', rule, value: directory });
  }
  requireObject(keep, 'maintenance.backup.keep');
  const { keep: _keep, ...defaults } = BACKUP_DEFAULTS;
  return { ...filled(durations, defaults, 'maintenance.backup'), directory, keep };
}

function checkFetching(
  config: FetchingConfig,
  sourceSettlingMs: number | undefined,
): FetchingSettings {
  requireObject(config, 'fetching');
  if (sourceSettlingMs !== undefined) requireCount(sourceSettlingMs, 'coordinator.settlingMs', 0);
  const { retry, breaker, random = FETCHING_DEFAULTS.random, ...numbers } = config;
  if (typeof random !== 'function') {
    throw invalidInput({ field: 'fetching.random', rule: 'must be a function', value: random });
  }
  const { retry: _retry, breaker: _breaker, random: _random, ...defaults } = FETCHING_DEFAULTS;
  const { settlingMs = sourceSettlingMs ?? defaults.settlingMs } = numbers;
  return {
    ...filled({ ...numbers, settlingMs }, defaults, 'fetching'),
    retry: filled(retry, RETRY_DEFAULTS, 'fetching.retry'),
    breaker: filled(breaker, BREAKER_DEFAULTS, 'fetching.breaker'),
    random,
  };
}

/** The numbers given, and the default of each that was not. */
function filled<Settings extends { readonly [name in keyof Settings]: number }>(
  given: { readonly [name in keyof Settings]?: number | undefined } | undefined,
  defaults: Settings,
  field: string,
): Settings {
  if (given === undefined) return defaults;
  requireObject(given, field);
  onlyKnownKeys(given, Object.keys(defaults), field);
  const settings = { ...defaults };
  for (const [name, value] of Object.entries<number | undefined>(given)) {
    if (value === undefined) continue;
    requireCount(value, `${field}.${name}`, MAY_BE_ZERO.includes(name) ? 0 : 1);
    Object.assign(settings, { [name]: value });
  }
  return settings;
}

function requirePart(value: unknown, field: string, member: string): void {
  if (typeof value === 'string') return;
  if (typeof value === 'object' && value !== null && member in value && 'open' in value) return;
  throw invalidInput({ field, rule: 'must be an adapter or a URL such as "memory:"', value });
}
