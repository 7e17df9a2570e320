import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { allocateColumns, CandleSeries, copyColumns, timeframeGrid } from '@barkeep/core';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import type { BenchCase, Goal, Metric, Sample } from '../bench-case.ts';
import { barkeepSqlite } from '../candles/barkeep-sqlite.ts';
import { CandleDigest, digestCandles } from '../candles/candle-digest.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { formatCount } from '../report/format.ts';
import { timed } from '../stopwatch.ts';

const LATEST = 1_000;
const LATEST_READS = 20;
/** How much more a candle may cost in a large store than in a small one. */
const FLAT = 1.5;
/** Far less than the candles of a large store, and room for some garbage. */
const MOST_MEMORY = 128 * 2 ** 20;

/** One series that grows: what a candle costs then, and what a scan takes. Barkeep alone. */
export const growthCase: BenchCase = {
  name: 'growth',
  about: 'write, latest 1,000 and scan as one series grows to --growth candles (Barkeep alone)',
  plan: ({ series, growth }) => {
    const sizes = sizesOf(series.length, growth);
    return {
      title: `one series growing to ${formatCount(sizes.at(-1) ?? 0)} candles on disk`,
      metrics: sizes.flatMap(metricsAt),
      contenders: [
        {
          name: barkeepSqlite.name,
          description: barkeepSqlite.description,
          libraries: barkeepSqlite.libraries,
          prepare: async (directory) => ({
            sample: async () => {
              const fresh = join(directory, 'fresh');
              await mkdir(fresh);
              try {
                return await grow(fresh, series, sizes);
              } finally {
                await rm(fresh, { recursive: true, force: true });
              }
            },
            close: async () => {},
          }),
        },
      ],
      expected: expectedAnswer(series, sizes),
      warmUp: false,
      goals: goalsFor(sizes),
    };
  },
};

/** The candles of the data, ten times as many and so on, and at last `growth`; whole rounds of the data. */
function sizesOf(length: number, growth: number): number[] {
  const sizes: number[] = [];
  for (let size = length; size < growth; size *= 10) sizes.push(size);
  sizes.push(Math.max(1, Math.ceil(growth / length)) * length);
  return sizes;
}

function metricsAt(size: number): Metric[] {
  const at = `at ${formatCount(size)}`;
  const work = { amount: 1, unit: 'candles' };
  return [
    { name: `write ${size}`, title: `write a candle ${at}`, unit: 'ms', work },
    { name: `latest ${size}`, title: `latest ${formatCount(LATEST)} ${at}`, unit: 'ms' },
    { name: `scan ${size}`, title: `scan a candle ${at}`, unit: 'ms', work },
    { name: `memory ${size}`, title: `memory growth while scanning ${at}`, unit: 'bytes' },
  ];
}

function goalsFor(sizes: readonly number[]): Goal[] {
  const [small = 0] = sizes;
  const large = sizes.at(-1) ?? 0;
  const flat = (what: string, metric: string): Goal => ({
    id: '',
    title: `${what} at ${formatCount(large)} candles: at most ${FLAT}× that at ${formatCount(small)}`,
    metric: `${metric} ${large}`,
    limit: { times: FLAT, metric: `${metric} ${small}` },
  });
  return [
    flat('writing a candle', 'write'),
    flat('reading the latest', 'latest'),
    flat('scanning a candle', 'scan'),
    {
      id: '',
      title: `memory growth while scanning ${formatCount(large)} candles`,
      metric: `memory ${large}`,
      limit: { atMost: MOST_MEMORY },
    },
  ];
}

/** Writes the data round after round, each later than the one before, and measures at each size. */
async function grow(
  directory: string,
  series: CandleSeries,
  sizes: readonly number[],
): Promise<Sample> {
  const storage = new SqliteStorage({ path: join(directory, 'market_data.sqlite3') });
  await storage.open();
  try {
    const readings: Record<string, number> = {};
    const answers: string[] = [];
    for (let size = series.length; size <= (sizes.at(-1) ?? 0); size += series.length) {
      const round = roundOf(series, size / series.length - 1);
      const { ms } = await timed(() => storage.candles.write({ key: series.key, candles: round }));
      if (!sizes.includes(size)) continue;
      const latest = await readLatest(storage, series);
      const scan = await scanAll(storage, series);
      readings[`write ${size}`] = ms / round.length;
      readings[`latest ${size}`] = latest.ms;
      readings[`scan ${size}`] = scan.ms / size;
      readings[`memory ${size}`] = scan.memory;
      answers.push(describe(scan.digest, latest.digest));
    }
    return { readings, answer: answers.join('; ') };
  } finally {
    await storage.close();
  }
}

async function readLatest(
  storage: SqliteStorage,
  { key }: CandleSeries,
): Promise<{ ms: number; digest: string }> {
  const read = () => storage.candles.read({ ...key, limit: LATEST, take: 'last' });
  await read();
  const { ms, result } = await timed(async () => {
    for (let i = 1; i < LATEST_READS; i += 1) await read();
    return read();
  });
  return { ms: ms / LATEST_READS, digest: digestCandles(result) };
}

/** The time is that of waiting for chunks; the memory, how far the process grew at most meanwhile. */
async function scanAll(
  storage: SqliteStorage,
  { key }: CandleSeries,
): Promise<{ ms: number; memory: number; digest: string }> {
  collectGarbage();
  const before = process.memoryUsage.rss();
  const digest = new CandleDigest();
  let [ms, most] = [0, before];
  let start = performance.now();
  for await (const chunk of storage.candles.scan({ ...key })) {
    ms += performance.now() - start;
    digest.add(chunk);
    most = Math.max(most, process.memoryUsage.rss());
    start = performance.now();
  }
  return { ms, memory: most - before, digest: digest.toString() };
}

function expectedAnswer(series: CandleSeries, sizes: readonly number[]): string {
  const digest = new CandleDigest();
  const answers: string[] = [];
  for (let size = series.length; size <= (sizes.at(-1) ?? 0); size += series.length) {
    const round = roundOf(series, size / series.length - 1);
    digest.add(round);
    if (sizes.includes(size)) answers.push(describe(digest.toString(), latestOf(series, size)));
  }
  return answers.join('; ');
}

function latestOf(series: CandleSeries, size: number): string {
  const rounds = size / series.length;
  const needed = Math.min(rounds, Math.ceil(LATEST / series.length));
  const parts = Array.from({ length: needed }, (_, i) => roundOf(series, rounds - needed + i));
  return digestCandles(CandleSeries.concat(series.key, parts).slice(-LATEST));
}

/** The data, moved into the stretch of time after `round` others like it. */
function roundOf(series: CandleSeries, round: number): CandleSeries {
  const grid = timeframeGrid(series.timeframe);
  const periods = grid.indexOf(series.lastTimestamp) - grid.indexOf(series.firstTimestamp) + 1;
  const columns = allocateColumns(series.length);
  copyColumns(series, columns, 0);
  for (const [i, timestamp] of series.timestamp.entries()) {
    columns.timestamp[i] = grid.shift(timestamp, round * periods);
  }
  return CandleSeries.fromTrustedColumns(series.key, columns);
}

function describe(scanned: string, latest: string): string {
  return `${scanned}, latest ${latest}`;
}
