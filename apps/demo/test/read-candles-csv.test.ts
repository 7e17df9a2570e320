import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Candle, SeriesKey, Timeframe } from '@barkeep/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GapReport } from '../src/csv/gap-report.ts';
import { parseInstant } from '../src/csv/parse-instant.ts';
import { readCandlesCsv } from '../src/csv/read-candles-csv.ts';

const HEADER = 'timestamp,open,high,low,close,volume';
const T0 = Date.UTC(2024, 1, 29, 23, 59);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barkeep-demo-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a file of candles', () => {
  it('is read whatever the order of its columns, with others between', async () => {
    const rows = ['Volume,close,LOW,high,open,trades,timestamp', `0.5,3,1,4,2,17,${T0}`];
    expect(await read(rows.join('\n'))).toEqual([
      { timestamp: T0, open: 2, high: 4, low: 1, close: 3, volume: 0.5 },
    ]);
  });

  it('may have optional columns, and rows without a value of them', async () => {
    const rows = [`${HEADER},QUOTEVOLUME,tradeCount`, `${T0},2,4,1,3,0.5,1.5,`];
    expect(await read(rows.join('\n'))).toEqual([
      { timestamp: T0, open: 2, high: 4, low: 1, close: 3, volume: 0.5, quoteVolume: 1.5 },
    ]);
  });

  it('may have a byte order mark, CRLF, quotes, spaces and empty lines', async () => {
    const rows = [`\uFEFF${HEADER}`, '', ` "${T0}" , 2, 4,1, "3",0.5 `, ''];
    expect(await read(rows.join('\r\n'))).toHaveLength(1);
  });

  it.each([
    ['seconds', '1709251140'],
    ['milliseconds', '1709251140000'],
    ['microseconds', '1709251140000000'],
    ['nanoseconds', '1709251140000000000'],
    ['ISO 8601', '2024-02-29T23:59:00Z'],
    ['ISO 8601 with a zone', '2024-03-01T08:59:00+09:00'],
    ['ISO 8601 without a zone', '2024-02-29T23:59:00'],
    ['a date and a time', '2024-02-29 23:59'],
  ])('may have times in %s', async (_unit, time) => {
    expect(await read(`${HEADER}\n${time},2,4,1,3,0.5`)).toMatchObject([{ timestamp: T0 }]);
  });

  it('may be in any order and repeat itself: the later row counts', async () => {
    const rows = [HEADER, `${T0 + 60_000},5,5,5,5,1`, `${T0},2,4,1,3,0.5`, `${T0},2,4,1,2.5,0.7`];
    expect(await read(rows.join('\n'))).toMatchObject([
      { timestamp: T0, close: 2.5, volume: 0.7 },
      { timestamp: T0 + 60_000 },
    ]);
  });

  it('comes in batches of bounded size', async () => {
    const rows = Array.from({ length: 25_000 }, (_, i) => `${T0 + i * 60_000},2,4,1,3,0.5`);
    const path = await write([HEADER, ...rows].join('\n'));
    const lengths: number[] = [];
    const shares: number[] = [];
    for await (const { candles, share } of readCandlesCsv(path, key('1m'))) {
      lengths.push(candles.length);
      shares.push(share);
    }
    expect(lengths).toEqual([10_000, 10_000, 5_000]);
    expect(shares.at(-1)).toBe(1);
  });

  it.each([
    ['no header', '', { line: 1, field: 'header' }],
    ['a missing column', 'timestamp,open,high,low,close\n', { line: 1, field: 'header' }],
    ['a column named twice', `${HEADER},open\n`, { line: 1, field: 'header' }],
    ['too few cells', `${HEADER}\n${T0},2,4,1,3,0.5\n${T0},2,4`, { line: 3, field: 'row' }],
    ['an open quote', `${HEADER}\n"${T0},2,4,1,3,0.5\n`, { field: 'row' }],
    ['a number that is none', `${HEADER}\n\n${T0},2,4,abc,3,0.5`, { line: 3, field: 'low' }],
    ['an empty cell', `${HEADER}\n${T0},2,4,1,,0.5`, { line: 2, field: 'close' }],
    ['a hexadecimal number', `${HEADER}\n${T0},2,0x10,1,3,0.5`, { line: 2, field: 'high' }],
    ['an infinite number', `${HEADER}\n${T0},2,Infinity,1,3,0.5`, { line: 2, field: 'high' }],
    ['a negative volume', `${HEADER}\n${T0},2,4,1,3,-1`, { line: 2, field: 'volume' }],
    ['a negative zero', `${HEADER}\n${T0},2,4,1,3,-0`, { line: 2, field: 'volume' }],
    ['a high below its low', `${HEADER}\n${T0},2,1,4,3,1`, { line: 2, field: 'high' }],
    [
      'a time that does not exist',
      `${HEADER}\n2024-02-30,2,4,1,3,1`,
      { line: 2, field: 'timestamp' },
    ],
    ['a time that is none', `${HEADER}\nyesterday,2,4,1,3,1`, { line: 2, field: 'timestamp' }],
    [
      'a time between two minutes',
      `${HEADER}\n${T0},2,4,1,3,1\n${T0 + 1},2,4,1,3,1`,
      { line: 3, field: 'timestamp' },
    ],
  ])('with %s is refused, naming the line', async (_fault, text, details) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'INVALID_INPUT', details });
    if ('line' in details) await expect(read(text)).rejects.toThrow(`line ${details.line}: `);
  });

  it('names the line of the second batch as well', async () => {
    const rows = Array.from({ length: 10_500 }, (_, i) => `${T0 + i * 60_000},2,4,1,3,0.5`);
    const text = [HEADER, ...rows, `${T0},9,4,1,3,0.5`].join('\n');
    await expect(read(text)).rejects.toMatchObject({ details: { line: 10_502, field: 'open' } });
  });

  it('that is not there is an error naming its path', async () => {
    const path = join(folder, 'absent.csv');
    await expect(readCandlesCsv(path, key('1m')).next()).rejects.toMatchObject({
      code: 'CANNOT_OPEN',
      details: { path },
    });
    await expect(readCandlesCsv(folder, key('1m')).next()).rejects.toMatchObject({
      code: 'CANNOT_OPEN',
    });
  });
});

describe('parseInstant', () => {
  it.each([
    ['1970-01-01', 0],
    ['0', 0],
    ['-86400', -86_400_000],
    ['-1709251140000', -T0],
    ['-1709251140000000', -T0],
    ['1950-01-01', Date.UTC(1950, 0)],
    ['1709251140.000', T0],
    ['2024-02-29T23:59:00.123Z', T0 + 123],
    ['2024-02-29T23:59:00.123000Z', T0 + 123],
    ['2024-02-29T18:59:00-0500', T0],
    ['2024-02-29 23:59:00 UTC', T0],
  ])('reads %s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });

  it.each([
    '',
    '--1',
    '-1.5',
    '12:00',
    '2024-13-01',
    '2023-02-29',
    '2024-02-29T24:30',
    '1709251140.5',
    '1709251140000001',
    '2024-02-29T23:59:00.0001Z',
    '123456789012345678901',
  ])('refuses "%s" with a rule', (text) => {
    expect(parseInstant(text)).toEqual({ rule: expect.stringMatching(/^must be /) });
  });
});

describe('the report of gaps', () => {
  it('joins chunks, counts missing periods, and keeps the longest and the first few', async () => {
    const minutes = [0, 1, 3, 4, 10, 12, 14, 16, 18];
    const rows = minutes.map((minute) => `${T0 + minute * 60_000},2,4,1,3,0.5`);
    const path = await write([HEADER, ...rows].join('\n'));
    const report = new GapReport();
    for await (const { candles } of readCandlesCsv(path, key('1m'))) {
      report.add(candles.slice(0, 4));
      report.add(candles.slice(4));
    }
    expect(report.count).toBe(6);
    expect(report.missingPeriods).toBe(10);
    expect(report.longest).toEqual({ from: T0 + 5 * 60_000, to: T0 + 10 * 60_000, periods: 5 });
    expect(report.first).toHaveLength(5);
    expect(report.first[0]).toEqual({ from: T0 + 2 * 60_000, to: T0 + 3 * 60_000, periods: 1 });
  });
});

function key(timeframe: Timeframe): SeriesKey {
  return { symbol: 'KRW-BTC', timeframe };
}

let files = 0;

async function write(text: string): Promise<string> {
  files += 1;
  const path = join(folder, `${files}.csv`);
  await writeFile(path, text);
  return path;
}

async function read(text: string): Promise<Candle[]> {
  const found: Candle[] = [];
  for await (const { candles } of readCandlesCsv(await write(text), key('1m'))) {
    found.push(...candles);
  }
  return found;
}
