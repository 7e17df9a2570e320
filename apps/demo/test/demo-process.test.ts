import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DemoProcess } from './demo-process.ts';

const LONG = 120_000;
const T0 = Date.UTC(2024, 0, 1);
const HEADER = 'timestamp,open,high,low,close,volume';

let folder: string;
let temporary: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barkeep-demo-'));
  temporary = await mkdtemp(join(tmpdir(), 'barkeep-demo-temporary-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await rm(temporary, { recursive: true });
});

describe('the demo', () => {
  it(
    'back-fills, prints the summary and ends; a second run fetches nothing old again',
    async () => {
      const first = await run('--once', '--days', '2');
      expect(first).toMatchObject({ code: 0, stderr: '' });
      for (const symbol of ['BTC', 'ETH', 'XRP', 'SOL', 'LINK']) {
        expect(first.stdout).toMatch(new RegExp(`KRW-${symbol} 1m +[\\d,]+ +[\\d,]+ +0 `));
      }
      expect(periodsFetched(first.stdout)).toBe(2 * 1_440 * 5);
      expect(first.stdout).toMatch(/\d+\.\d bytes a candle/);
      expect(first.stdout).toMatch(/latest 1,000 candles of a series in .* ms \(/);
      expect(first.stdout).toMatch(/[\d,]+ messages: [\d,]+ states of candles stored/);
      expect(first.stdout).toMatch(/coordinator +exchange +[1-9]\d* +0 +1\d,\d{3}\n/);
      expect(await readdir(folder)).toContain('market_data.sqlite3');

      const second = await run('--once', '--days', '2');
      expect(second).toMatchObject({ code: 0, stderr: '' });
      // At most the minutes that passed between the two, for five markets.
      expect(periodsFetched(second.stdout)).toBeLessThanOrEqual(5 * 5);
      expect(second.stdout).toMatch(/KRW-BTC 1m +[\d,]+ +[\d,]+ +0 /);
    },
    LONG,
  );

  it(
    'reads at its second start from disk what the first has read',
    async () => {
      const first = await run('--once', '--days', '2');
      expect(first.stdout).toContain('nothing was read ahead');
      expect(await readdir(temporary)).toEqual([expect.stringContaining('barkeep-demo-')]);

      const second = await run('--once', '--days', '2');
      expect(second.stdout).toMatch(
        /series read most were read ahead, [1-9]\d* pages of them from disk/,
      );
      expect(second.stdout).toMatch(/disk +cache-disk +[1-9]\d* /);

      await rm(temporary, { recursive: true });
      const third = await run('--once', '--days', '2');
      expect(third).toMatchObject({ code: 0, stderr: '' });
      expect(third.stdout).toMatch(/read ahead, 0 pages of them from disk/);
    },
    LONG,
  );

  it(
    'prints no colours and no bar where nobody watches',
    async () => {
      const { stdout, stderr } = await run('--once', '--days', '1', '--storage', 'memory:');
      expect(`${stdout}${stderr}`).not.toContain('\x1b');
      expect(await readdir(folder)).toEqual([]);
    },
    LONG,
  );

  it(
    'serves its page until it is interrupted, and closes everything',
    async () => {
      const demo = start('--days', '1', '--port', '0');
      const url = await demo.url();
      expect(await (await fetch(url)).text()).toContain('<title>Barkeep</title>');
      const events = await fetch(`${url}events?symbol=KRW-BTC&timeframe=1m`);
      expect(await demo.interrupt()).toBe(0);
      await expect(events.text()).resolves.toContain('event: ticker');
      expect(demo.stderr).toBe('');
      // A database that was closed leaves no write-ahead log behind.
      expect(await readdir(folder)).toEqual(['market_data.sqlite3']);
    },
    LONG,
  );

  it(
    'ends when it is interrupted during the back-fill',
    async () => {
      const demo = start('--days', '900');
      await vi.waitFor(async () => expect(await readdir(folder)).not.toEqual([]), 20_000);
      expect(await demo.interrupt()).toBe(0);
      expect(demo.stdout).toBe('');
      expect(demo.stderr).toBe('');
    },
    LONG,
  );
});

describe('the demo with a file', () => {
  it(
    'loads its candles and reports their gaps',
    async () => {
      const minutes = [0, 1, 2, 5, 6, 20];
      const rows = minutes.map((minute) => `${T0 / 1_000 + minute * 60},100,110,90,105,1.5`);
      await writeFile(join(folder, 'real.csv'), [HEADER, ...rows].join('\n'));
      const args = '--once --input real.csv --symbol BTC/USD --timeframe 1m'.split(' ');
      const first = await run(...args);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toMatch(/BTC\/USD 1m +6 +0 +15 +2024-01-01 00:00 +2024-01-01 00:21/);
      expect(first.stdout).toContain('real.csv loaded');
      expect(first.stdout).toContain('6 candles were new');
      expect(first.stdout).toContain('2 gaps, 15 1m periods without a candle');
      expect(first.stdout).toContain('longest 13 at 2024-01-01 00:07');
      expect(first.stdout).toContain('first 2024-01-01 00:03 (2), 2024-01-01 00:07 (13)');

      const second = await run(...args);
      expect(second.stdout).toContain('0 candles were new, 0 changed, 6 the same as before');
    },
    LONG,
  );

  it(
    'serves a chart of it, without live data',
    async () => {
      await writeFile(join(folder, 'day.csv'), `${HEADER}\n2024-01-01,100,110,90,105,1.5`);
      const args = '--port 0 --storage memory: --input day.csv --symbol A --timeframe 1d'.split(
        ' ',
      );
      const demo = start(...args);
      const url = await demo.url();
      expect(await (await fetch(`${url}api/markets`)).json()).toEqual({
        markets: [{ symbol: 'A', name: 'day.csv' }],
        timeframes: ['1d'],
        live: false,
      });
      const page = await (await fetch(`${url}api/candles?symbol=A&timeframe=1d`)).json();
      expect(page).toMatchObject({ candles: [{ timestamp: T0, close: 105 }] });
      expect(await demo.interrupt()).toBe(0);
    },
    LONG,
  );

  it(
    'stores nothing of it when its last line is wrong',
    async () => {
      const row = (i: number) => `${T0 + i * 60_000},100,110,90,105,1.5`;
      const rows = Array.from({ length: 15_000 }, (_, i) => row(i));
      const args = '--once --input late.csv --symbol LATE --timeframe 1m'.split(' ');
      await writeFile(join(folder, 'late.csv'), [HEADER, ...rows, `${T0},1`].join('\n'));
      expect((await run(...args)).stderr).toMatch(/^line 15002: .*\nNothing was stored/);
      await writeFile(join(folder, 'late.csv'), [HEADER, row(0)].join('\n'));
      expect((await run(...args)).stdout).toContain('1 candles were new, 0 changed, 0 the same');
    },
    LONG,
  );

  it(
    'names the line of a fault, in plain words, with exit code 1',
    async () => {
      const rows = [HEADER, `${T0},100,110,90,105,1.5`, `${T0 + 60_000},100,110,90,x,1.5`];
      await writeFile(join(folder, 'bad.csv'), rows.join('\n'));
      const outcome = await run(...'--once --input bad.csv --symbol A --timeframe 1m'.split(' '));
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/^line 3: close must be a finite number; got "x"\n\S/);
      expect(outcome.stderr).not.toContain('    at ');
    },
    LONG,
  );
});

describe('the demo refuses', () => {
  it.each([
    ['an unknown option', 2, ['--nonsense'], /^Unknown option '--nonsense'.*--help/],
    [
      'a file that is not there',
      1,
      ['--input', 'no.csv', '--symbol', 'A', '--timeframe', '1m', '--storage', 'memory:'],
      /^cannot read no\.csv/,
    ],
    ['an unknown adapter', 1, ['--storage', 'papyrus:scroll'], /papyrus/],
    [
      'a folder that is not there',
      1,
      ['--storage', 'sqlite:./no/such/folder/a.sqlite3'],
      /no\/such\/folder/,
    ],
  ])(
    '%s, in plain words',
    async (_what, code, args, message) => {
      const outcome = await run(...args);
      expect(outcome.code).toBe(code);
      expect(outcome.stderr).toMatch(message);
      expect(outcome.stderr).not.toContain('    at ');
      expect(outcome.stdout).toBe('');
    },
    LONG,
  );

  it(
    'a file that is not a database, and leaves it alone',
    async () => {
      await writeFile(join(folder, 'market_data.sqlite3'), 'my diary. '.repeat(1_000));
      const outcome = await run('--once');
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain('choose another --storage');
    },
    LONG,
  );

  it(
    'nothing when asked for help',
    async () => {
      expect(await run('--help')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('--once'),
      });
    },
    LONG,
  );
});

function start(...args: string[]): DemoProcess {
  return new DemoProcess(args, folder, temporary);
}

async function run(...args: string[]) {
  const demo = start(...args);
  const code = await demo.end();
  return { code, stdout: demo.stdout, stderr: demo.stderr };
}

/** How many periods the summary says were fetched. */
function periodsFetched(summary: string): number {
  if (summary.includes('nothing was missing')) return 0;
  const [, periods] = /for ([\d,]+) missing minutes?/.exec(summary) ?? [];
  return Number(periods?.replaceAll(',', ''));
}
