/** Figures of a service for Prometheus: as text, or in a registry of prom-client. */
import type { Metric, Registry, RegistryContentType } from 'prom-client';
import type { IMarketDataService } from './contract/market-data-service.ts';
import type { MarketDataStatistics } from './contract/market-data-statistics.ts';
import { PROMETHEUS_FAMILIES, type PrometheusSample } from './monitoring/prometheus-families.ts';

/** The `Content-Type` of `prometheusText`. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The figures of a service in Prometheus' text format.
 * @throws as `stats()` does: `NOT_OPEN` when the service is closed.
 *
 * @example
 * createServer(async (_request, response) => {
 *   response.setHeader('Content-Type', PROMETHEUS_CONTENT_TYPE);
 *   response.end(await prometheusText(data));
 * });
 */
export async function prometheusText(service: IMarketDataService): Promise<string> {
  const figures = await service.stats();
  return PROMETHEUS_FAMILIES.flatMap(({ name, help, type, samples }) => {
    const lines = samples(figures).map(lineOf);
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
  })
    .join('\n')
    .concat('\n');
}

/**
 * Adds the figures of a service to a registry of prom-client, which asks for them at each scrape. One
 * service a registry: the names are the same for all.
 * @returns Takes them out again; to be called before the service is closed.
 */
export function registerMarketData<ContentType extends RegistryContentType>(
  service: IMarketDataService,
  registry: Registry<ContentType>,
): () => void {
  const figures = figuresOfScrape(service);
  const collected = PROMETHEUS_FAMILIES.map(({ name, help, type, samples }) => {
    // OpenMetrics wants names of counters without `_total`: the registry changes them, and adds it itself.
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => {
        const values = samples(await figures());
        return {
          name: metric.name,
          help,
          type,
          aggregator: 'sum',
          values: values.map(withoutName),
        };
      },
      reset: () => {},
    };
    const withoutName = ({ metricName, ...sample }: PrometheusSample): object =>
      metricName === name ? sample : { metricName, ...sample };
    return metric;
  });
  // The registry calls `get` and reads `name`; its types want an instance of a class of its own.
  for (const metric of collected) registry.registerMetric(metric as unknown as Metric);
  return () => {
    for (const { name } of collected) registry.removeSingleMetric(name);
  };
}

/** A registry asks every metric at once: they share one call. */
function figuresOfScrape(service: IMarketDataService): () => Promise<MarketDataStatistics> {
  let asked: Promise<MarketDataStatistics> | undefined;
  return () => {
    asked ??= service.stats().finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

function lineOf({ metricName, labels, value }: PrometheusSample): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
  return `${metricName}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${written(value)}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function written(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : String(value);
}
