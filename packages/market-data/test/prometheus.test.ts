import { createServer } from 'node:http';
import type { IMarketDataService } from '@barkeep/market-data';
import {
  PROMETHEUS_CONTENT_TYPE,
  prometheusText,
  registerMarketData,
} from '@barkeep/market-data/prometheus';
import { type OpenMetricsContentType, Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, minutes, openDesk } from './fixtures.ts';

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** Reads the text format 0.0.4 by its rules: a line that breaks one throws. */
function parsed(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let help: [name: string, text: string] | undefined;
  let name = '';
  if (!text.endsWith('\n')) throw new Error('the last line must end');
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, of = '', rest = ''] = comment;
      if (kind === 'HELP') {
        if (families.has(of)) throw new Error(`${of} comes twice`);
        help = [of, rest];
        continue;
      }
      if (help?.[0] !== of) throw new Error(`${of} has no help`);
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`no type: ${line}`);
      name = of;
      families.set(of, { help: help[1], type: rest, samples: new Map() });
      continue;
    }
    if (line === '') continue;
    const sample =
      /^([a-zA-Z_:][\w:]*)((?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})?) (\S+)$/.exec(
        line,
      );
    const [, metric = '', labels = '', value = ''] = sample ?? [];
    const family = families.get(name);
    const suffix = family?.type === 'histogram' ? '(_bucket|_sum|_count)' : '';
    if (family === undefined || !new RegExp(`^${name}${suffix}$`).test(metric)) {
      throw new Error(`not of ${name}: ${line}`);
    }
    const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
    if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
    const id = `${metric}${labels}`;
    if (family.samples.has(id)) throw new Error(`${id} comes twice`);
    family.samples.set(id, number);
  }
  return families;
}

async function openBusyDesk(): Promise<IMarketDataService> {
  const { service } = await openDesk();
  const query = { ...KEY, from: minutes(-10), to: minutes(0) };
  await service.getCandles(query);
  await service.getCandles(query);
  await service.updateTicker({ symbol: 'KRW-BTC', timestamp: minutes(0), price: 1 });
  return service;
}

function sampleOf(families: Map<string, Family>, id: string): number | undefined {
  return families.get(id.replace(/\{.*/, ''))?.samples.get(id);
}

describe('prometheusText', () => {
  it('gives an exposition that keeps the rules of its format', async () => {
    const families = parsed(await prometheusText(await openBusyDesk()));
    expect(sampleOf(families, 'barkeep_coordinator_calls_total')).toBe(1);
    expect(sampleOf(families, 'barkeep_coordinator_saved_total')).toBe(1);
    expect(sampleOf(families, 'barkeep_candles_served_total{from="coordinator"}')).toBe(10);
    expect(sampleOf(families, 'barkeep_candles_served_total{from="cache"}')).toBe(10);
    expect(sampleOf(families, 'barkeep_storage_candles')).toBe(10);
    expect(sampleOf(families, 'barkeep_realtime_updates_total{kind="ticker"}')).toBe(1);
    expect(sampleOf(families, 'barkeep_realtime_age_seconds{kind="ticker"}')).toBe(30);
    expect(sampleOf(families, 'barkeep_part_up{part="storage"}')).toBe(1);
    expect(sampleOf(families, 'barkeep_alert_standing{alert="walBytes"}')).toBe(0);
    expect(sampleOf(families, 'barkeep_coordinator_breaker_state{state="closed"}')).toBe(1);
    for (const [name, { type, help }] of families) {
      expect(name).toMatch(/^barkeep_[a-z_]+$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
    }
  });

  it('gives histograms whose buckets add up', async () => {
    const families = parsed(await prometheusText(await openBusyDesk()));
    const samples = families.get('barkeep_operation_duration_seconds')?.samples ?? new Map();
    const of = 'component="service",operation="getCandles"';
    const buckets = Array.from(samples).filter(([id]) => id.includes(`_bucket{${of},le=`));
    const counts = buckets.map(([, count]) => count);
    expect(buckets.length).toBeGreaterThan(10);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    const bounds = buckets.map(([id]) =>
      Number(/le="([^"]+)"/.exec(id)?.[1]?.replace('+Inf', 'Infinity')),
    );
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(2);
    expect(samples.get(`barkeep_operation_duration_seconds_count{${of}}`)).toBe(2);
    expect(samples.get(`barkeep_operation_duration_seconds_sum{${of}}`)).toBeGreaterThan(0);
    expect([...samples.keys()].join()).toContain('component="storage",operation="candles.write"');
  });

  it('rejects when the service is closed', async () => {
    const service = await openBusyDesk();
    await service.close();
    await expect(prometheusText(service)).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('is served with its content type', async () => {
    const service = await openBusyDesk();
    const server = createServer((_request, response) => {
      void prometheusText(service).then((text) => {
        response.setHeader('Content-Type', PROMETHEUS_CONTENT_TYPE).end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parsed(await answer.text()).size).toBeGreaterThan(20);
  });
});

describe('registerMarketData', () => {
  it('gives a registry of prom-client the same figures, with one call a scrape', async () => {
    const service = await openBusyDesk();
    const registry = new Registry();
    registry.setDefaultLabels({ app: 'desk' });
    const remove = registerMarketData(service, registry);
    const families = parsed(await registry.metrics());
    expect(sampleOf(families, 'barkeep_coordinator_calls_total{app="desk"}')).toBe(1);
    const buckets = families.get('barkeep_operation_duration_seconds')?.samples ?? new Map();
    expect([...buckets.keys()].filter((id) => id.includes('operation="getCandles"'))).toHaveLength(
      21,
    );
    await registry.metrics();
    expect((await service.stats()).operations['stats']?.calls).toBe(2);
    expect((await registry.getMetricsAsJSON()).length).toBe(families.size);
    expect(() => registerMarketData(service, registry)).toThrow('already been registered');
    remove();
    expect((await registry.metrics()).trim()).toBe('');
  });

  it('works with registries for OpenMetrics, too', async () => {
    const service = await openBusyDesk();
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    registerMarketData(service, registry);
    for (let scrape = 0; scrape < 2; scrape += 1) {
      const text = await registry.metrics();
      expect(text).toContain(
        '# TYPE barkeep_coordinator_calls counter\nbarkeep_coordinator_calls_total 1\n',
      );
      expect(text).toMatch(/\n# EOF\n$/);
    }
  });
});
