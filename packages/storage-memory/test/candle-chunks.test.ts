import type { Candle, CandleSeries } from '@barkeep/core';
import { EVER } from '@barkeep/storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandleChunks } from '../src/candle-chunks.ts';
import { KEY, minute, minutes, seriesOf } from './sample-series.ts';

const CHUNK = 1_024;

describe('CandleChunks', () => {
  it('does what a sorted map does, over many chunks', () => {
    const stretch = fc.record({
      from: fc.nat({ max: 6_000 }),
      length: fc.nat({ max: 3_000 }),
      every: fc.integer({ min: 1, max: 5 }),
      version: fc.nat({ max: 2 }),
      removes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
        let chunks = new CandleChunks(KEY);
        const model = new Map<number, Candle>();
        for (const { from, length, every, version, removes } of stretches) {
          const range = { from: minute(from), to: minute(from + length) };
          if (removes) {
            chunks = chunks.without(range);
            for (const at of model.keys()) if (range.from <= at && at < range.to) model.delete(at);
          } else {
            const series = seriesOf(
              minutes(from, from + length).filter((i) => i % every === 0),
              version,
            );
            chunks = write(chunks, series);
            for (const candle of series) model.set(candle.timestamp, candle);
          }
          expectSound(chunks);
        }
        const expected = [...model.values()].sort((a, b) => a.timestamp - b.timestamp);
        expect(readAll(chunks).toArray()).toEqual(expected);
        expect(chunks.length).toBe(expected.length);
      }),
      { numRuns: 40 },
    );
  });

  it('cuts a read at any rank, from either end', () => {
    const chunks = write(new CandleChunks(KEY), seriesOf(minutes(0, 5_000)));
    for (const limit of [1, CHUNK - 1, CHUNK, CHUNK + 1, 4_999, 5_000, 5_001]) {
      for (const take of ['first', 'last'] as const) {
        const query = { key: KEY, ...EVER, limit, take };
        const expected = readAll(chunks).slice(
          ...(take === 'first' ? [0, limit] : [Math.max(0, 5_000 - limit)]),
        );
        expect(run(chunks.read(query)).equals(expected)).toBe(true);
      }
    }
  });

  it('never changes: a write or a removal makes another one', () => {
    const before = write(new CandleChunks(KEY), seriesOf(minutes(0, 3_000)));
    const copy = readAll(before);
    write(before, seriesOf(minutes(-10, 3_010), 1));
    before.without({ from: minute(5), to: minute(2_000) });
    expect(readAll(before).equals(copy)).toBe(true);
  });

  it('is the same one when nothing changed', () => {
    const before = write(new CandleChunks(KEY), seriesOf(minutes(0, 3_000)));
    expect(write(before, seriesOf(minutes(100, 200)))).toBe(before);
  });

  it('touches one chunk for a late candle, and shares the others', () => {
    const every = minutes(0, 100_000).filter((i) => i !== 50_000);
    const before = write(new CandleChunks(KEY), seriesOf(every));
    const after = write(before, seriesOf([50_000]));
    const shared = after.chunks.filter((chunk) => before.chunks.includes(chunk));
    expect(after.chunks.length - shared.length).toBe(1);
  });

  it('keeps little more memory than its candles need', () => {
    let chunks = write(new CandleChunks(KEY), seriesOf(minutes(0, 50_000)));
    chunks = write(chunks, seriesOf(minutes(0, 50_000), 1));
    chunks = chunks.without({ from: minute(100), to: minute(49_000) });
    const bytes = chunks.chunks.reduce(
      (sum, { timestamp }) => sum + timestamp.buffer.byteLength,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(chunks.length * 8 * 1.25);
  });
});

function write(chunks: CandleChunks, series: CandleSeries): CandleChunks {
  return run(chunks.write(series)).candles;
}

function readAll(chunks: CandleChunks): CandleSeries {
  return run(chunks.read({ ...EVER, limit: Number.POSITIVE_INFINITY, take: 'first' }));
}

function run<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function expectSound({ chunks }: CandleChunks): void {
  for (const [i, chunk] of chunks.entries()) {
    expect(chunk.length).toBeGreaterThan(0);
    expect(chunk.length).toBeLessThanOrEqual(2 * CHUNK);
    const before = chunks[i - 1];
    if (before !== undefined) expect(before.lastTimestamp).toBeLessThan(chunk.firstTimestamp);
  }
}
