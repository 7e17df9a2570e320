import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CASES } from '../src/cases/cases.ts';
import { HELP } from '../src/options.ts';
import type { BenchReport } from '../src/report/bench-report.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const TINY = '--candles 3000 --series 20 --operations 500 --growth 9000'.split(' ');

// Each run is a process that loads every peer, next to the other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barkeep-bench-test-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('a tiny run of everything', () => {
  let outcome: Outcome;
  let report: BenchReport;

  beforeAll(async () => {
    outcome = await bench(...TINY, '--repeat', '2', '--json', 'all.json');
    report = await readReport('all.json');
  });

  it('ends well, with no progress on a pipe, and says what it left out', () => {
    const leftOut = CASES.flatMap(({ name, missing }) => {
      const why = missing?.();
      return why === undefined ? [] : [`${name} was left out: ${why}\n`];
    });
    expect(outcome).toMatchObject({ code: 0, stderr: leftOut.join('') });
  });

  it('writes machine, versions and data', () => {
    expect(report).toMatchObject({
      format: 2,
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      machine: {
        cpu: expect.any(String),
        cores: expect.any(Number),
        memoryBytes: expect.any(Number),
        os: expect.any(String),
      },
      versions: {
        node: process.versions.node,
        'better-sqlite3': expect.stringMatching(/^\d+\./),
        '@duckdb/node-api': expect.stringMatching(/^\d+\./),
        'apache-arrow': expect.stringMatching(/^\d+\./),
        lmdb: expect.stringMatching(/^\d+\./),
        msgpackr: expect.stringMatching(/^\d+\./),
        'lru-cache': expect.stringMatching(/^\d+\./),
        '@barkeep/storage-sqlite': expect.any(String),
      },
      data: {
        symbol: 'KRW-BTC',
        timeframe: '1m',
        candles: 3_000,
        first: '2022-01-01T00:00:00.000Z',
      },
      options: { repeat: 2, series: 20, operations: 500, growth: 9_000 },
    });
  });

  it('measures every case, and keeps every sample', () => {
    const possible = CASES.filter(({ missing }) => missing?.() === undefined);
    expect(report.cases.map(({ name }) => name)).toEqual(possible.map(({ name }) => name));
    for (const { metrics } of report.cases) {
      for (const { contenders } of metrics) {
        expect(contenders[0]).toMatchObject({ name: expect.stringMatching(/^Barkeep/) });
        for (const { samples, min, median, max, ratio, description } of contenders) {
          expect(samples).toHaveLength(2);
          expect(min).toBe(Math.min(...samples));
          expect(max).toBe(Math.max(...samples));
          expect(median).toBeCloseTo((min + max) / 2, 9);
          const ours = contenders[0]?.median ?? Number.NaN;
          if (ours === 0) expect(ratio).toBe(median === 0 ? 1 : null);
          else expect(ratio).toBeCloseTo(median / ours, 9);
          expect(description).not.toBe('');
        }
      }
    }
  });

  it('holds the first user’s floors against it', () => {
    expect(report.goals.map(({ id }) => id).filter((id) => id !== '')).toEqual(
      expect.arrayContaining(['F1', 'F2', 'F3']),
    );
    for (const { measured, limit, met } of report.goals) expect(met).toBe(measured <= limit);
  });

  it('prints one row for every contender, and the direction of every ratio', () => {
    const lines = outcome.stdout.split('\n');
    for (const { title, name, metrics } of report.cases) {
      const start = lines.indexOf(`${title}  [${name}]`);
      expect(start, name).toBeGreaterThan(0);
      const contenders = metrics.flatMap((metric) => metric.contenders);
      contenders.forEach((contender, index) => {
        const line = lines[start + 1 + index];
        expect(line).toContain(contender.name);
        if (contender.name.startsWith('Barkeep'))
          expect(line).not.toMatch(/faster|slower|smaller|larger/);
        else expect(line).toMatch(/(× (faster|slower|smaller|larger)|as fast|as large)$/);
      });
    }
    expect(outcome.stdout).toContain(`written to all.json`);
  });

  it('leaves no file behind but the report', async () => {
    expect(await readdir(directory)).toEqual(['all.json']);
  });
});

describe('options', () => {
  it('explain themselves', async () => {
    expect(await bench('--help')).toEqual({ code: 0, stdout: HELP, stderr: '' });
  });

  it('choose cases', async () => {
    const { code } = await bench(
      ...TINY,
      '--only',
      'cache',
      '--only',
      'tickers',
      '--json',
      'two.json',
    );
    expect(code).toBe(0);
    expect((await readReport('two.json')).cases.map(({ name }) => name)).toEqual([
      'tickers',
      'cache',
    ]);
  });

  it('take the candles of a file as they are', async () => {
    const rows = [0, 1, 3, 4].map((hour) => `${hour * 3_600},10,12.5,9,11,0.${hour}`);
    await writeFile(
      join(directory, 'market.csv'),
      ['timestamp,open,high,low,close,volume', ...rows].join('\n'),
    );
    const { code, stderr } = await bench(
      ...[
        '--input',
        'market.csv',
        '--only',
        'write-memory',
        '--repeat',
        '1',
        '--json',
        'file.json',
      ],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readReport('file.json')).data).toEqual({
      origin: 'file market.csv',
      symbol: 'market',
      timeframe: '1h',
      candles: 4,
      first: '1970-01-01T00:00:00.000Z',
      last: '1970-01-01T04:00:00.000Z',
    });
  });

  it.each([
    [['--fast'], /^Unknown option '--fast'/],
    [['--input', 'absent.csv'], /^cannot read absent\.csv: ENOENT/],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stdout, stderr } = await bench(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the benchmarks in a process of their own, which sees `directory` as temporary and as its own. */
async function bench(...args: readonly string[]): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    ['--conditions=@barkeep/typescript', '--expose-gc', MAIN, ...args],
    {
      cwd: directory,
      env: { ...process.env, TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([
    exited,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

async function readReport(name: string): Promise<BenchReport> {
  return JSON.parse(await readFile(join(directory, name), 'utf8'));
}
