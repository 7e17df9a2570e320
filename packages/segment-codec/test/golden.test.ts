/**
 * Segments as earlier versions wrote them, in `golden/<name>.v<version>.bin`, beside the candles
 * they hold, in `golden/<name>.csv`. They must be readable for ever.
 *
 * When the format or the encoder changes: keep every file there is, raise `SEGMENT_VERSION` if an
 * older reader could not read what is written now, run this file once with `WRITE_GOLDEN=1` (it
 * writes the files of the present version that are missing, and replaces none), and commit what it
 * made. Where the same version gets an encoder that writes other bytes, name them anew: add entries
 * to `FORMS`, and move the old ones to `RETIRED`, which are read but no longer written.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  allocateColumns,
  type Candle,
  type CandleColumn,
  CandleSeries,
  OPTIONAL_COLUMNS,
  REQUIRED_COLUMNS,
} from '@barkeep/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSegment, encodeSegment, readSegmentHeader, SEGMENT_VERSION } from '../src/index.ts';
import { type SeriesForm, seriesOf } from './arbitrary-series.ts';
import { referenceDecode } from './reference-decoder.ts';
import { expectSameBits, expectSameColumns } from './same-bits.ts';

const directory = join(import.meta.dirname, 'golden');
const usual: SeriesForm = {
  seed: 11,
  count: 400,
  timeframe: '1m',
  gaps: 'rare',
  prices: 'walk',
  volumes: '8 decimals',
};

const FORMS: Readonly<Record<string, SeriesForm>> = {
  'minute-walk': usual,
  'won-ticks': { ...usual, timeframe: '15m', gaps: 'sparse', prices: 'won ticks', volumes: 'rare' },
  'eleven-decimals': { ...usual, prices: 'few 11 decimals', volumes: 'whole' },
  'seventeen-digits': { ...usual, count: 200, prices: '17 digits', volumes: '17 digits' },
  'any-double': { ...usual, count: 150, prices: 'any double', volumes: 'huge' },
  'calendar-months': { ...usual, count: 130, timeframe: '1M', prices: 'negative' },
  'weeks-with-spikes': { ...usual, timeframe: '1w', gaps: 'none', prices: 'spikes' },
  'one-candle': { ...usual, count: 1, timeframe: '1y' },
  'optional-columns': { ...usual, optional: ['quoteVolume', 'tradeCount'] },
  'sparse-columns': { ...usual, optional: OPTIONAL_COLUMNS, presence: 'few' },
  'days-from-15-before-1970': { ...usual, timeframe: '1d@15h', isOld: true },
};
const RETIRED: readonly string[] = [];

beforeAll(async () => {
  const { WRITE_GOLDEN } = process.env;
  if (WRITE_GOLDEN !== '1') return;
  for (const [name, form] of Object.entries(FORMS)) {
    const series = seriesOf(form);
    await writeMissing(csvPath(name), csvOf(series));
    await writeMissing(binPath(name), encodeSegment(series));
  }
});

describe.each(Object.keys(FORMS))('%s', (name) => {
  it('is written today as it was when its file was made', async () => {
    const bytes = new Uint8Array(await readFile(binPath(name)));
    const series = await readCsv(name);
    for (const kernel of ['js', 'wasm'] as const) {
      expect(encodeSegment(series, { kernel })).toEqual(bytes);
    }
  });
});

describe('every file', () => {
  it('is read, by the codec and by the reader written from the document', async () => {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.bin'));
    expect(files.length).toBeGreaterThanOrEqual(Object.keys(FORMS).length + RETIRED.length);
    for (const file of files) {
      const bytes = new Uint8Array(await readFile(join(directory, file)));
      const series = await readCsv(file.slice(0, file.indexOf('.')));
      const { count, optional } = readSegmentHeader(bytes);
      const decoded = allocateColumns(count, optional);
      for (const kernel of ['js', 'wasm'] as const) {
        decodeSegment(bytes, decoded, { kernel });
        expectSameColumns(decoded, series, [...REQUIRED_COLUMNS, ...optional]);
      }
      const reference = referenceDecode(bytes);
      expect(Object.keys(reference).sort()).toEqual([...series.columns].sort());
      for (const column of series.columns) {
        const expected = series[column] ?? new Float64Array();
        expectSameBits(Float64Array.from(reference[column] ?? []), expected, `${file} ${column}`);
      }
    }
  });
});

function binPath(name: string): string {
  return join(directory, `${name}.v${SEGMENT_VERSION}.bin`);
}

function csvPath(name: string): string {
  return join(directory, `${name}.csv`);
}

async function writeMissing(path: string, content: string | Uint8Array): Promise<void> {
  if (!existsSync(path)) await writeFile(path, content);
}

/** Numbers as JavaScript writes them, which tell each double from every other. */
function csvOf(series: CandleSeries): string {
  const { columns } = series;
  const rows = series.toArray().map((candle) => columns.map((column) => candle[column]).join());
  return `${[`${columns.join()},${series.timeframe}`, ...rows].join('\n')}\n`;
}

async function readCsv(name: string): Promise<CandleSeries> {
  const [head = '', ...rows] = (await readFile(csvPath(name), 'utf8')).trim().split('\n');
  const timeframe = head.slice(head.lastIndexOf(',') + 1) as CandleSeries['timeframe'];
  const names = head.split(',').slice(0, -1) as CandleColumn[];
  const candles = rows.map((row) => {
    const values = row.split(',').map((text, i) => [names[i], text] as const);
    return Object.fromEntries(
      values.flatMap(([name, text]) => (text === '' ? [] : [[name, Number(text)]])),
    );
  });
  return CandleSeries.from({ symbol: 'X', timeframe }, candles as unknown as Candle[]);
}
