import {
  allocateColumns,
  CandleSeries,
  COMMON_TIMEFRAMES,
  type EpochMs,
  invalidInput,
  REQUIRED_COLUMNS,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';

/**
 * Reads candles from CSV text with the header `timestamp,open,high,low,close,volume`, its columns
 * in any order. A timestamp is an ISO date (UTC when it names no zone) or epoch seconds,
 * milliseconds or microseconds. The timeframe is the longest common one that all timestamps fit.
 *
 * @throws BarkeepError `INVALID_INPUT` naming the line, or the index of the candle that breaks a rule.
 */
export function parseCandleCsv(text: string, symbol: string): CandleSeries {
  const [header = '', ...lines] = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  const positions = positionsOf(header);
  const columns = allocateColumns(lines.length);
  lines.forEach((line, index) => {
    const cells = line.split(',');
    for (const column of REQUIRED_COLUMNS) {
      const cell = cells[positions[column]] ?? '';
      const value = column === 'timestamp' ? parseTime(cell) : parseNumber(cell);
      if (!Number.isFinite(value)) throw badCell(column, cell, index + 2);
      columns[column][index] = value;
    }
  });
  const key = { symbol, timeframe: fittingTimeframe(columns.timestamp) };
  return CandleSeries.from(key, CandleSeries.fromTrustedColumns(key, columns));
}

function positionsOf(header: string): Record<(typeof REQUIRED_COLUMNS)[number], number> {
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  const position = (name: string): number => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw invalidInput({ field: 'header', rule: `must name ${name}`, value: header, line: 1 });
  };
  return {
    timestamp: position('timestamp'),
    open: position('open'),
    high: position('high'),
    low: position('low'),
    close: position('close'),
    volume: position('volume'),
  };
}

function parseNumber(cell: string): number {
  return cell.trim() === '' ? Number.NaN : Number(cell);
}

function parseTime(cell: string): EpochMs {
  const epoch = parseNumber(cell);
  if (Number.isNaN(epoch)) {
    return Date.parse(
      /[zZ]$|[+-]\d\d:?\d\d$/.test(cell) || !cell.includes(':') ? cell : `${cell}Z`,
    );
  }
  const distance = Math.abs(epoch);
  if (distance < 1e11) return epoch * 1_000;
  return distance < 1e14 ? epoch : epoch / 1_000;
}

function badCell(field: string, value: string, line: number): Error {
  return invalidInput({
    field,
    rule: field === 'timestamp' ? 'must be an ISO date or epoch time' : 'must be a number',
    value,
    line,
  });
}

function fittingTimeframe(timestamps: Float64Array): Timeframe {
  const fitting = COMMON_TIMEFRAMES.findLast((timeframe) => {
    const grid = timeframeGrid(timeframe);
    return timestamps.every((timestamp) => grid.isAligned(timestamp));
  });
  return fitting ?? '1s';
}
