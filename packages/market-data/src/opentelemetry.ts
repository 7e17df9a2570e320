/** Figures of a service as OpenTelemetry metrics. */
import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import type { IMarketDataService } from './contract/market-data-service.ts';
import type { MarketDataStatistics } from './contract/market-data-statistics.ts';
import { METRICS, type Metric, timedOperations } from './monitoring/metrics.ts';

/** Observes one instrument, or a few that belong together. */
interface Instrument {
  readonly observables: readonly Observable[];
  readonly observe: (result: BatchObservableResult, figures: MarketDataStatistics) => void;
}

const UNITS = { seconds: 's', bytes: 'By' } as const;

/**
 * Creates the instruments of a service on the caller's meter, which are observed at each collection with
 * one call of `stats()`. Names are as for Prometheus, with dots: `barkeep.storage.size`. Times of operations
 * are counted by the service itself, so instead of a histogram there are their number
 * (`barkeep.operation.calls`), their sum (`barkeep.operation.time`), and quantiles since the service was
 * opened (`barkeep.operation.duration`, with an attribute `quantile`).
 * @returns Ends observing.
 *
 * @example
 * const stop = observeMarketData(data, metrics.getMeter('barkeep'));
 */
export function observeMarketData(service: IMarketDataService, meter: Meter): () => void {
  const instruments = [timesOf(meter), ...METRICS.map((metric) => instrumentOf(meter, metric))];
  const observables = instruments.flatMap((instrument) => [...instrument.observables]);
  const observe = async (result: BatchObservableResult): Promise<void> => {
    if (service.state !== 'open') return;
    const figures = await service.stats();
    for (const instrument of instruments) instrument.observe(result, figures);
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}

function instrumentOf(meter: Meter, { name, help, kind, unit, samples }: Metric): Instrument {
  const options = { description: help, ...(unit === undefined ? {} : { unit: UNITS[unit] }) };
  // The first word is the part it is of.
  const dotted = `barkeep.${name.replace('_', '.')}`;
  const observable =
    kind === 'counter'
      ? meter.createObservableCounter(dotted, options)
      : meter.createObservableGauge(dotted, options);
  return {
    observables: [observable],
    observe: (result, figures) => {
      for (const { labels, value } of samples(figures)) {
        if (Number.isFinite(value)) result.observe(observable, value, labels);
      }
    },
  };
}

function timesOf(meter: Meter): Instrument {
  const calls = meter.createObservableCounter('barkeep.operation.calls', {
    description: 'Operations that ended.',
  });
  const time = meter.createObservableCounter('barkeep.operation.time', {
    description: 'How long operations took together.',
    unit: 's',
  });
  const duration = meter.createObservableGauge('barkeep.operation.duration', {
    description: 'How long operations took, by quantile.',
    unit: 's',
  });
  return {
    observables: [calls, time, duration],
    observe: (result, figures) => {
      for (const { labels, summary } of timedOperations(figures)) {
        result.observe(calls, summary.calls, labels);
        result.observe(time, summary.totalMs / 1_000, labels);
        for (const [quantile, ms] of [
          ['0.5', summary.p50Ms],
          ['0.95', summary.p95Ms],
          ['0.99', summary.p99Ms],
        ] as const) {
          result.observe(duration, ms / 1_000, { ...labels, quantile });
        }
      }
    },
  };
}
