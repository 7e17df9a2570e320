import type { MarketDataStatistics } from '../contract/market-data-statistics.ts';
import { METRICS, type Metric, type MetricLabels, timedOperations } from './metrics.ts';

export interface PrometheusSample {
  /** The family's name, with `_bucket`, `_sum` or `_count` where it is a histogram. */
  readonly metricName: string;
  readonly labels: MetricLabels;
  readonly value: number;
}

/** What Prometheus calls a metric with all its samples. */
export interface PrometheusFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: (figures: MarketDataStatistics) => readonly PrometheusSample[];
}

/** Ends of our own buckets, which are finer: so no call is put into a wrong one. */
const BUCKET_POWERS = [-6, -4, -2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
const BUCKETS_MS: readonly number[] = BUCKET_POWERS.map((power) => 2 ** power);

const DURATIONS = 'barkeep_operation_duration_seconds';

export const PROMETHEUS_FAMILIES: readonly PrometheusFamily[] = [
  {
    name: DURATIONS,
    help: 'How long operations took.',
    type: 'histogram',
    samples: durationSamples,
  },
  ...METRICS.map(familyOf),
];

function familyOf({ name: base, help, kind, unit, samples }: Metric): PrometheusFamily {
  const suffixes = [unit, kind === 'counter' ? 'total' : undefined];
  const name = ['barkeep', base, ...suffixes].filter((part) => part !== undefined).join('_');
  return {
    name,
    help,
    type: kind,
    samples: (figures) => samples(figures).map((sample) => ({ metricName: name, ...sample })),
  };
}

function durationSamples(figures: MarketDataStatistics): PrometheusSample[] {
  return timedOperations(figures).flatMap(({ labels, summary }) => {
    const { calls, totalMs, histogram } = summary;
    const buckets = BUCKETS_MS.map((boundMs) => ({
      metricName: `${DURATIONS}_bucket`,
      labels: { ...labels, le: String(boundMs / 1_000) },
      value: histogram.reduce((sum, it) => (it.upToMs <= boundMs ? sum + it.calls : sum), 0),
    }));
    return [
      ...buckets,
      { metricName: `${DURATIONS}_bucket`, labels: { ...labels, le: '+Inf' }, value: calls },
      { metricName: `${DURATIONS}_sum`, labels, value: totalMs / 1_000 },
      { metricName: `${DURATIONS}_count`, labels, value: calls },
    ];
  });
}
