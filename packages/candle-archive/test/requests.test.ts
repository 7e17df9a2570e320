/** How often an archive asks its port: what costs a round trip each where a network lies between. */
import {
  type ArchiveBatch,
  archivePolicy,
  compactionStep,
  decide,
  inspectCandles,
  readCandles,
  readSnapshots,
  writeBatches,
} from '@barkeep/candle-archive';
import { CandleSeries, COLUMN_NAMES, type SeriesKey } from '@barkeep/core';
import { EVER } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { MemoryPort } from './memory-port.ts';

const BTC: SeriesKey = { symbol: 'KRW-BTC', timeframe: '1m' };
const MINUTE = 60_000;
const POLICY = archivePolicy();
const LENGTH = 10_000;

function candles(from: number, to: number, price = 100, step = 1): CandleSeries {
  const length = Math.ceil((to - from) / step);
  return CandleSeries.from(
    BTC,
    Array.from({ length }, (_, i) => ({
      timestamp: (from + i * step) * MINUTE,
      open: price,
      high: price + 1,
      low: price - 1,
      close: price,
      volume: i,
    })),
  );
}

function batch(columns: CandleSeries, covered = true): ArchiveBatch {
  const { from, to } = columns.extent ?? expect.unreachable();
  const covers = covered ? [{ from, to: to - 1 + MINUTE }] : [];
  return { key: BTC, columns, covers, source: 'test', collectedAt: 1, replaces: 'uncovered' };
}

/** What a write or read asked for. */
function requestsOf(port: MemoryPort, act: () => unknown): string[] {
  port.requests.length = 0;
  act();
  return port.requests;
}

function write(port: MemoryPort, batches: readonly ArchiveBatch[], policy = POLICY): void {
  decide(writeBatches(batches, policy), port);
}

/** Rows alone: few candles at a time. */
function rowsOnly(): MemoryPort {
  const port = new MemoryPort();
  for (let i = 0; i < LENGTH; i += 250) write(port, [batch(candles(i, i + 250), false)]);
  return port;
}

function segmentsOnly(): MemoryPort {
  const port = new MemoryPort();
  write(port, [batch(candles(0, LENGTH), false)]);
  return port;
}

/** Segments, and rows after them. */
function both(): MemoryPort {
  const port = segmentsOnly();
  for (let i = LENGTH; i < LENGTH + 500; i += 100) write(port, [batch(candles(i, i + 100), false)]);
  return port;
}

/** Rows over segments, too. */
function overlaid(): MemoryPort {
  const port = both();
  write(port, [batch(candles(LENGTH - 300, LENGTH - 100, 7, 2), false)]);
  write(port, [batch(candles(4_000, 4_150, 7, 3), false)]);
  return port;
}

const SHAPES = [
  ['rows only', rowsOnly],
  ['segments only', segmentsOnly],
  ['segments and rows', both],
  ['rows over segments', overlaid],
] as const;

describe.each(SHAPES)('over %s', (_, shape) => {
  it.each([
    ['after all others', LENGTH + 600, LENGTH + 800],
    ['partly after them', LENGTH - 100, LENGTH + 100],
    ['among them', 4_000, 4_200],
    ['before them', -300, -100],
    ['that are there already', 2_000, 2_200],
  ])('writes 200 candles with coverage %s in two requests', (where, from, to) => {
    const port = shape();
    const price = where === 'that are there already' ? 100 : 9;
    const stored = decide(
      readCandles(
        [{ key: BTC, ...EVER, limit: Number.POSITIVE_INFINITY, take: 'first' }],
        COLUMN_NAMES,
      ),
      port,
    );
    const fresh = candles(from, to, price);
    expect(requestsOf(port, () => write(port, [batch(fresh)]))).toEqual(['hold', 'apply']);
    const merged = CandleSeries.merge(
      CandleSeries.fromTrustedColumns(BTC, stored[0] ?? expect.unreachable()),
      fresh,
    );
    const query = { key: BTC, ...EVER, limit: Number.POSITIVE_INFINITY, take: 'first' } as const;
    const [all] = decide(readCandles([query], COLUMN_NAMES), port);
    expect(CandleSeries.from(BTC, all ?? expect.unreachable()).equals(merged)).toBe(true);
  });

  it('reads the latest 1,000 candles in one request, and a snapshot of them in two', () => {
    const port = shape();
    const latest = { ...EVER, limit: 1_000, take: 'last' } as const;
    const query = { key: BTC, ...latest };
    let found = 0;
    const read = () => {
      found = decide(readCandles([query], COLUMN_NAMES), port)[0]?.timestamp.length ?? 0;
    };
    expect(requestsOf(port, read)).toEqual(['read']);
    expect(found).toBe(1_000);
    const snapshot = { key: BTC, ranges: [{ ...latest, candles: 'always' as const }] };
    const requests = requestsOf(port, () => decide(readSnapshots([snapshot]), port));
    expect(requests).toEqual(['states', 'read']);
  });
});

it('writes 200 candles over most of a short segment in two requests', () => {
  const port = new MemoryPort();
  write(port, [batch(candles(0, 600), false)]);
  const requests = requestsOf(port, () => write(port, [batch(candles(100, 300, 9))]));
  expect(requests).toEqual(['hold', 'apply']);
  expect(port.table(BTC)?.rows.size).toBe(0);
});

it('writes and reads many series in as few requests as one', () => {
  const port = new MemoryPort();
  const keys = Array.from({ length: 200 }, (_, i) => ({ ...BTC, symbol: `S${i}` }));
  const batches = keys.map((key) => ({ ...batch(candles(0, 3)), key }));
  expect(requestsOf(port, () => write(port, batches))).toEqual(['hold', 'apply']);
  const queries = keys.map((key) => ({ key, ...EVER, limit: 2, take: 'last' as const }));
  expect(requestsOf(port, () => decide(readCandles(queries, COLUMN_NAMES), port))).toEqual([
    'read',
  ]);
  // Those of one series depend on each other.
  const again = [batch(candles(0, 3)), batch(candles(2, 5, 7))];
  expect(requestsOf(port, () => write(port, again))).toEqual(['hold', 'apply', 'hold', 'apply']);
});

it('looks at 512 segments in one request', () => {
  const port = new MemoryPort();
  const tiny = { segmentCandles: 8, keepRows: 1, bulkCandles: 4, automatic: false };
  write(port, [batch(candles(0, 8 * 600))], tiny);
  const step = () => decide(compactionStep(BTC, EVER.from, tiny), port);
  expect(requestsOf(port, step)).toEqual(['find', 'foldPage']);
  const series = port.table(BTC)?.row ?? expect.unreachable();
  const { counted, ...findings } = decide(inspectCandles(series), port);
  expect(counted).toMatchObject({ count: 4_800, rowCount: 0 });
  expect(Object.values(findings).flat()).toEqual([]);
});
