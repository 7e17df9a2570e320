import { observeMarketData } from '@barkeep/market-data/opentelemetry';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, it, onTestFinished } from 'vitest';
import { KEY, minutes, openDesk } from './fixtures.ts';

interface Collector {
  readonly provider: MeterProvider;
  collect(): Promise<Map<string, MetricData>>;
}

function openCollector(): Collector {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async (): Promise<Map<string, MetricData>> => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
  };
  return { provider, collect };
}

function points(metric: MetricData | undefined): [unknown, unknown][] {
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => [attributes, value]);
}

it('observes a service on the meter of its owner, until it is told to stop', async () => {
  const { service } = await openDesk();
  const { provider, collect } = openCollector();
  const stop = observeMarketData(service, provider.getMeter('barkeep'));
  const query = { ...KEY, from: minutes(-10), to: minutes(0) };
  await service.getCandles(query);
  await service.getCandles(query);
  await service.updateTicker({ symbol: 'KRW-BTC', timestamp: minutes(0), price: 1 });

  const metrics = await collect();
  expect(points(metrics.get('barkeep.coordinator.calls'))).toEqual([[{}, 1]]);
  expect(metrics.get('barkeep.coordinator.calls')).toMatchObject({
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    descriptor: { description: 'Calls of the coordinator.' },
  });
  expect(points(metrics.get('barkeep.candles.served'))).toContainEqual([{ from: 'cache' }, 10]);
  expect(metrics.get('barkeep.storage.size')).toMatchObject({
    dataPointType: DataPointType.GAUGE,
    descriptor: { unit: 'By' },
  });
  expect(points(metrics.get('barkeep.realtime.age'))).toEqual([[{ kind: 'ticker' }, 30]]);
  const attributes = { component: 'service', operation: 'getCandles' };
  expect(points(metrics.get('barkeep.operation.calls'))).toContainEqual([attributes, 2]);
  const durations = points(metrics.get('barkeep.operation.duration'));
  for (const quantile of ['0.5', '0.95', '0.99']) {
    expect(durations).toContainEqual([{ ...attributes, quantile }, expect.any(Number)]);
  }
  expect((await service.stats()).operations['stats']?.calls).toBe(1);

  stop();
  const after = await collect();
  expect((await service.stats()).operations['stats']?.calls).toBe(2);
  const calls = 'barkeep.operation.calls';
  expect(points(after.get(calls))).toEqual(points(metrics.get(calls)));
});

it('observes nothing of a service that is closed', async () => {
  const { service } = await openDesk();
  const { provider, collect } = openCollector();
  observeMarketData(service, provider.getMeter('barkeep'));
  await service.close();
  expect((await collect()).size).toBe(0);
});
