import type { IDataCache } from '@barkeep/cache';
import {
  BarkeepError,
  type Clock,
  type HandleState,
  invalidInput,
  monotonicTime,
} from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { StandingAlert } from '../contract/alert.ts';
import type {
  HealthCheck,
  HealthOptions,
  HealthReport,
  HealthStatus,
} from '../contract/health-report.ts';
import type {
  CoordinatorStatistics,
  RouterStatistics,
} from '../contract/market-data-statistics.ts';
import { withinTime } from '../fetching/within-time.ts';

/** What the health of a service depends on. */
export interface HealthParts {
  readonly state: HandleState;
  readonly clock: Clock;
  readonly storage: IMarketDataStorage;
  readonly realtime: IRealtimeCache;
  readonly cache: IDataCache | undefined;
  readonly diskCache: IDataCache | undefined;
  /** `undefined` without a router. */
  readonly router: RouterStatistics | undefined;
  /** `undefined` without a coordinator. */
  readonly coordinator: CoordinatorStatistics | undefined;
  readonly alerts: readonly StandingAlert[];
}

type CheckResult = Pick<HealthCheck, 'status' | 'message'>;

const DEFAULT_TIMEOUT_MS = 1_000;
/** A symbol, a key and a document that nobody has. */
const PROBE = 'barkeep:health';
/** An error of recording counts for so long where nothing says that it has passed. */
const RECENT_MS = 60_000;
const NEVER: AbortSignal = new AbortController().signal;
const OK: CheckResult = { status: 'ok' };
const SEVERITY: readonly HealthStatus[] = ['ok', 'degraded', 'failed'];

/** Looks at everything at the same time. Never rejects. */
export async function checkHealth(
  parts: HealthParts,
  options: HealthOptions,
): Promise<HealthReport> {
  const { clock, storage, realtime, cache, diskCache, router, coordinator } = parts;
  const check = async (
    name: string,
    look: (signal: AbortSignal) => CheckResult | Promise<CheckResult>,
  ): Promise<HealthCheck> => {
    const result = await within(clock, options, look);
    return { name, ...result, at: clock.now() };
  };
  const checks = await Promise.all([
    check('service', () => ofState(parts.state)),
    check('storage', async (signal) => {
      await storage.metadata.get(PROBE, { signal });
      return OK;
    }),
    check('realtime', async (signal) => {
      // Counted neither as a hit nor as a miss.
      await realtime.trades.recent(PROBE, { limit: 1, signal });
      return OK;
    }),
    ...(cache === undefined ? [] : [check('cache', (signal) => ofCache(cache, signal))]),
    ...(diskCache === undefined
      ? []
      : [check('diskCache', (signal) => ofCache(diskCache, signal))]),
    ...(router === undefined ? [] : [check('router', () => ofRouter(router))]),
    ...(router === undefined ? [] : [check('recording', () => ofRecording(router, clock.now()))]),
    ...(coordinator === undefined ? [] : [check('coordinator', () => ofCoordinator(coordinator))]),
    check('alerts', () => ofAlerts(parts.alerts)),
  ]);
  const worst = Math.max(...checks.map(({ status }) => SEVERITY.indexOf(status)));
  return { status: SEVERITY[worst] ?? 'failed', checks };
}

async function within(
  clock: Clock,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal = NEVER }: HealthOptions,
  look: (signal: AbortSignal) => CheckResult | Promise<CheckResult>,
): Promise<CheckResult> {
  try {
    if (!(timeoutMs > 0)) {
      throw invalidInput({ field: 'timeoutMs', rule: 'must be above 0', value: timeoutMs });
    }
    return await withinTime(look, timeoutMs, monotonicTime(clock), signal);
  } catch (error) {
    return { status: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

function ofState(state: HandleState): CheckResult {
  return state === 'open' ? OK : { status: 'failed', message: `the service is ${state}` };
}

/** A cache answers reads that fail as misses, and counts them. The service does without it. */
async function ofCache(cache: IDataCache, signal: AbortSignal): Promise<CheckResult> {
  try {
    const before = await cache.stats({ signal });
    await cache.get(PROBE, { signal });
    const { failures } = await cache.stats({ signal });
    const failed = failures - before.failures;
    return failed > 0 ? { status: 'degraded', message: 'reads of it fail' } : OK;
  } catch (error) {
    if (signal.aborted || !BarkeepError.is(error)) throw error;
    return { status: 'degraded', message: error.message };
  }
}

function ofRouter({ connection }: RouterStatistics): CheckResult {
  const { status, since } = connection;
  if (status === 'connected') return OK;
  return { status: 'degraded', message: `${status} since ${new Date(since).toISOString()}` };
}

function ofRecording({ candles, realtime }: RouterStatistics, now: number): CheckResult {
  if (candles !== undefined && candles.failing > 0) {
    const { failing, lastError } = candles;
    return { status: 'degraded', message: `${failing} series not stored: ${lastError?.message}` };
  }
  const error = realtime?.lastError;
  if (error === undefined || now - error.at > RECENT_MS) return OK;
  return { status: 'degraded', message: error.message };
}

function ofCoordinator({ breaker, lastError }: CoordinatorStatistics): CheckResult {
  if (breaker.state === 'closed') return OK;
  const reason = lastError === undefined ? '' : `: ${lastError.message}`;
  return { status: 'degraded', message: `its breaker is ${breaker.state}${reason}` };
}

function ofAlerts(alerts: readonly StandingAlert[]): CheckResult {
  if (alerts.length === 0) return OK;
  return { status: 'degraded', message: alerts.map(({ message }) => message).join('; ') };
}
