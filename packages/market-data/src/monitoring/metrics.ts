import type { OperationSummary } from '@barkeep/core';
import { ALERT_NAMES } from '../config/alert-rules.ts';
import type { MarketDataStatistics } from '../contract/market-data-statistics.ts';

export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSample {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** One figure of a service, or one for each of several parts. */
export interface Metric {
  /** Without the prefix of the package and the suffix of the unit. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly unit: 'seconds' | 'bytes' | undefined;
  readonly samples: (figures: MarketDataStatistics) => readonly MetricSample[];
}

/** The calls of one operation of one component. */
export interface TimedOperation {
  readonly labels: MetricLabels;
  readonly summary: OperationSummary;
}

type Reading = (
  figures: MarketDataStatistics,
) => number | undefined | readonly (readonly [label: string, value: number | undefined])[];

const DAY_SECONDS = 86_400;
const PARTS = ['storage', 'realtime', 'cache', 'diskCache'] as const;
const REALTIME_KINDS = ['ticker', 'orderBook', 'trades', 'candle'] as const;

/** What is counted and measured besides the time of operations. */
export const METRICS: readonly Metric[] = [
  gauge('part_up', 'Whether a part gives its figures.', 'part', ({ failed, ...figures }) =>
    PARTS.map((part) => [part, part in failed ? 0 : figures[part] && 1]),
  ),
  {
    name: 'operation_failures',
    help: 'Operations that failed.',
    kind: 'counter',
    unit: undefined,
    samples: (figures) =>
      timedOperations(figures).map(({ labels, summary }) => ({ labels, value: summary.failures })),
  },
  counter('candles_served', 'Candles handed to callers.', 'from', ({ candles }) => [
    ['cache', candles.fromCache],
    ['router', candles.fromRouter],
    ['disk', candles.fromDisk],
    ['storage', candles.fromStorage],
    ['coordinator', candles.fromCoordinator],
  ]),
  counter('tier_hits', 'Looks into a tier that found something.', 'tier', ({ candles }) =>
    candles.tiers.map(({ name, hits }) => [name, hits]),
  ),
  counter('tier_misses', 'Looks into a tier that found nothing.', 'tier', ({ candles }) =>
    candles.tiers.map(({ name, misses }) => [name, misses]),
  ),
  counter('tier_failures', 'Reads and writes of a tier that failed.', 'tier', ({ candles }) =>
    candles.tiers.map(({ name, failures }) => [name, failures]),
  ),
  counter('tier_evictions', 'What left a tier to keep a bound.', 'tier', ({ candles }) =>
    candles.tiers.map(({ name, evictions }) => [name, evictions]),
  ),
  inBytes('tier_size', 'What a tier keeps.', 'tier', ({ candles }) =>
    candles.tiers.map(({ name, bytes }) => [name, bytes]),
  ),
  inBytes('storage_size', 'What the storage takes.', '', (it) => it.storage?.size.bytes),
  inBytes('storage_wal', 'Its write-ahead log.', '', (it) => it.storage?.size.walBytes),
  inBytes('storage_free', 'Free space where it lies.', '', (it) => it.storage?.size.freeBytes),
  gauge('storage_candles', 'Candles stored.', '', (it) => it.storage?.size.candles),
  gauge('storage_series', 'Series stored.', '', (it) => it.storage?.size.series),
  gauge(
    'storage_growth_bytes_per_second',
    'How fast it grows.',
    '',
    ({ growth }) => growth?.bytesPerDay && growth.bytesPerDay / DAY_SECONDS,
  ),
  inSeconds(
    'storage_time_to_limit',
    'When it will be full.',
    '',
    ({ growth }) => growth?.daysToLimit && growth.daysToLimit * DAY_SECONDS,
  ),
  counter('storage_candles_written', 'Candles written.', 'change', ({ storage }) => [
    ['inserted', storage?.candlesInserted],
    ['updated', storage?.candlesUpdated],
    ['unchanged', storage?.candlesUnchanged],
  ]),
  counter('storage_candles_read', 'Candles read.', '', (it) => it.storage?.candlesRead),
  counter(
    'storage_background_failures',
    'Work of the storage in the background that failed.',
    '',
    (it) => it.storage?.background.failures,
  ),
  gauge(
    'storage_free_page_ratio',
    'Share of its pages that hold nothing.',
    '',
    (it) => it.maintenance?.fragmentation?.freeRatio,
  ),
  counter('maintenance_runs', 'Work that kept it in shape.', '', (it) => it.maintenance?.runs),
  counter('maintenance_failures', 'Such work that failed.', '', (it) => it.maintenance?.failures),
  counter('coordinator_calls', 'Calls of the coordinator.', '', (it) => it.coordinator?.calls),
  counter('coordinator_saved', 'Calls that were not needed.', '', (it) => it.coordinator?.saved),
  counter('coordinator_retries', 'Repeated calls.', '', (it) => it.coordinator?.retries),
  counter(
    'coordinator_failures',
    'Requests that failed for good.',
    '',
    (it) => it.coordinator?.failures,
  ),
  counter('coordinator_candles', 'Candles delivered.', '', (it) => it.coordinator?.candles),
  counter('coordinator_refused', 'Bad candles left out.', '', (it) => it.coordinator?.refused),
  gauge('coordinator_in_flight', 'Requests under way.', '', (it) => it.coordinator?.inFlight),
  gauge('coordinator_waiting', 'Reads that wait.', '', (it) => it.coordinator?.waiting),
  gauge('coordinator_breaker_state', 'Of these, one is 1.', 'state', ({ coordinator }) =>
    (['closed', 'open', 'half-open'] as const).map((state) => [
      state,
      coordinator && Number(coordinator.breaker.state === state),
    ]),
  ),
  inSeconds(
    'coordinator_breaker_open',
    'How long its breaker has not been closed.',
    '',
    ({ coordinator }) => coordinator && coordinator.breaker.openMs / 1_000,
  ),
  gauge(
    'router_connected',
    'Whether the router is connected.',
    '',
    ({ router }) => router && Number(router.connection.status === 'connected'),
  ),
  gauge('router_streams', 'Series whose every candle comes.', '', (it) => it.router?.streams),
  counter('router_events', 'Events of the router.', '', (it) => it.router?.events),
  counter('router_rejected', 'Events that broke a rule.', '', (it) => it.router?.rejected),
  counter('recording_failures', 'Calls that failed to record.', 'of', ({ router }) => [
    ['candles', router?.candles?.failures],
    ['realtime', router?.realtime?.failures],
  ]),
  counter('realtime_updates', 'Values that came in real time.', 'kind', ({ activity }) =>
    REALTIME_KINDS.map((kind) => [kind, activity[kind].updates]),
  ),
  inSeconds('realtime_age', 'How old the newest value is.', 'kind', ({ activity }) =>
    REALTIME_KINDS.map((kind) => {
      const { ageMs } = activity[kind];
      return [kind, ageMs && ageMs / 1_000];
    }),
  ),
  inBytes('realtime_size', 'What the realtime cache keeps.', '', (it) => it.realtime?.bytes),
  gauge('alert_standing', 'Whether an alert stands.', 'alert', ({ alerts }) =>
    ALERT_NAMES.map((name) => [name, Number(alerts.some((alert) => alert.name === name))]),
  ),
];

/** The operations of the service and of its parts. */
export function timedOperations(figures: MarketDataStatistics): TimedOperation[] {
  return (['service', ...PARTS] as const).flatMap((component) => {
    const { operations = {} } = (component === 'service' ? figures : figures[component]) ?? {};
    return Object.entries(operations).map(([operation, summary]) => ({
      labels: { component, operation },
      summary,
    }));
  });
}

/** @param label What the readings differ in; empty: there is one. */
function counter(name: string, help: string, label: string, read: Reading): Metric {
  return { name, help, kind: 'counter', unit: undefined, samples: samplesOf(label, read) };
}

function gauge(name: string, help: string, label: string, read: Reading): Metric {
  return { name, help, kind: 'gauge', unit: undefined, samples: samplesOf(label, read) };
}

function inBytes(name: string, help: string, label: string, read: Reading): Metric {
  return { name, help, kind: 'gauge', unit: 'bytes', samples: samplesOf(label, read) };
}

function inSeconds(name: string, help: string, label: string, read: Reading): Metric {
  return { name, help, kind: 'gauge', unit: 'seconds', samples: samplesOf(label, read) };
}

/** What cannot be told is left out. */
function samplesOf(label: string, read: Reading): Metric['samples'] {
  return (figures) => {
    const reading = read(figures);
    if (reading === undefined) return [];
    if (typeof reading === 'number') return [{ labels: {}, value: reading }];
    return reading.flatMap(([name, value]) =>
      value === undefined ? [] : [{ labels: { [label]: name }, value }],
    );
  };
}
