import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import {
  BarkeepError,
  CANDLE_COLUMNS,
  type Candle,
  type CandleColumn,
  CandleSeries,
  COLUMN_NAMES,
  type EpochMs,
  invalidInput,
  REQUIRED_COLUMNS,
  type SeriesKey,
} from '@barkeep/core';
import { CsvError, parse } from 'csv-parse';
import { parseInstant } from './parse-instant.ts';

/** Where each column stands in a row, in which not all of them are. */
type ColumnPositions = ReadonlyMap<CandleColumn, number>;

interface CsvRow {
  readonly record: readonly string[];
  /** The line of the file that it ends on, from 1. */
  readonly line: number;
  /** How much of the file has been read so far: 0 to 1. */
  readonly share: number;
}

/** Some candles of the file, and how much of it has been read so far: 0 to 1. */
export interface CsvBatch {
  readonly candles: CandleSeries;
  readonly share: number;
}

/** `Number` also reads empty text, hexadecimal and the like. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** So many candles are held in memory at a time, however long the file is. */
const BATCH = 10_000;

/**
 * The candles of a CSV file in batches, each checked and ascending. The first row names the
 * columns: those of a candle in any order, of which the optional ones may be absent, as may be
 * single values of them; others are passed over.
 *
 * @throws BarkeepError `INVALID_INPUT` with `line`, `field` and `rule` of the first fault;
 *   `CANNOT_OPEN` when the file cannot be read.
 */
export async function* readCandlesCsv(
  path: string,
  key: SeriesKey,
): AsyncGenerator<CsvBatch, void, void> {
  let positions: ColumnPositions | undefined;
  let batch: Candle[] = [];
  let lines: number[] = [];
  for await (const row of readRows(path)) {
    if (positions === undefined) {
      positions = columnPositions(row);
      continue;
    }
    batch.push(parseCandle(row, positions));
    lines.push(row.line);
    if (batch.length < BATCH) continue;
    yield { candles: checkedSeries(key, batch, lines), share: row.share };
    batch = [];
    lines = [];
  }
  if (positions === undefined) {
    throw invalidInput({ field: 'header', rule: `must be ${REQUIRED_COLUMNS.join(',')}`, line: 1 });
  }
  if (batch.length > 0) yield { candles: checkedSeries(key, batch, lines), share: 1 };
}

async function* readRows(path: string): AsyncGenerator<CsvRow, void, void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { size } = await handle.stat();
    const file = handle.createReadStream({ autoClose: false });
    const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true });
    // A fault of either stream ends both; the loop below throws it.
    pipeline(file, parser, () => {});
    for await (const { record, info } of parser) {
      yield { record, line: info.lines, share: file.bytesRead / size };
    }
  } catch (error) {
    throw readableError(error, path);
  } finally {
    await handle?.close();
  }
}

function readableError(error: unknown, path: string): unknown {
  if (error instanceof CsvError) {
    const { lines } = error;
    const where = typeof lines === 'number' ? { line: lines } : {};
    return invalidInput({ field: 'row', rule: `is not CSV: ${error.message}`, ...where });
  }
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new BarkeepError('CANNOT_OPEN', `cannot read ${path}: ${error.message}`, {
    cause: error,
    details: { path },
  });
}

function columnPositions({ record, line }: CsvRow): ColumnPositions {
  const names = record.map((name) => name.toLowerCase());
  const positions = COLUMN_NAMES.map(
    (column) => [column, names.indexOf(column.toLowerCase())] as const,
  );
  for (const [column, position] of positions) {
    if (position < 0 && CANDLE_COLUMNS[column].required) {
      const rule = `must name the column "${column}" (it needs ${REQUIRED_COLUMNS.join(', ')})`;
      throw invalidInput({ field: 'header', rule, value: record.join(','), line });
    }
    if (names.lastIndexOf(column.toLowerCase()) === position) continue;
    throw invalidInput({ field: 'header', rule: `names "${column}" twice`, line });
  }
  return new Map(positions.filter(([, position]) => position >= 0));
}

function parseCandle({ record, line }: CsvRow, positions: ColumnPositions): Candle {
  const candle: Partial<Record<CandleColumn, number>> = {};
  for (const [field, position] of positions) {
    const text = record[position] ?? '';
    if (text === '' && !CANDLE_COLUMNS[field].required) continue;
    candle[field] = field === 'timestamp' ? timeIn(text, line) : numberIn(text, field, line);
  }
  // Every required column has a position.
  return candle as Candle;
}

function timeIn(text: string, line: number): EpochMs {
  const timestamp = parseInstant(text);
  if (typeof timestamp === 'number') return timestamp;
  throw invalidInput({ field: 'timestamp', rule: timestamp.rule, value: text, line });
}

function numberIn(text: string, field: CandleColumn, line: number): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw invalidInput({ field, rule: 'must be a finite number', value: text, line });
}

/** Core names the index of a fault; a reader of the file needs its line. */
function checkedSeries(
  key: SeriesKey,
  candles: readonly Candle[],
  lines: readonly number[],
): CandleSeries {
  try {
    return CandleSeries.from(key, candles);
  } catch (error) {
    if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
    const { field, rule, value, index } = error.details;
    const line = typeof index === 'number' ? lines[index] : undefined;
    if (line === undefined) throw error;
    throw invalidInput({ field: String(field), rule: String(rule), value, line });
  }
}
