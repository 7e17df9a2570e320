import { CandleSeries, type Interval } from '@barkeep/core';
import type { IntegrityReport } from '@barkeep/storage';
import { describe, expect, it } from 'vitest';
import { CandleChunks } from '../src/candle-chunks.ts';
import { checkSeries } from '../src/check-series.ts';
import type { StoredSeries } from '../src/stored-series.ts';
import { KEY, minute, minutes, seriesOf } from './sample-series.ts';

describe('checkSeries', () => {
  it('finds nothing in sound series', () => {
    const report = check(
      stored(
        [seriesOf(minutes(0, 3)), seriesOf(minutes(3, 5))],
        [
          [0, 5],
          [7, 9],
        ],
      ),
    );
    expect(report).toEqual({ ok: true, series: 1, candles: 5, problems: [], truncated: false });
  });

  it('finds candles that break a rule', () => {
    const { timestamp, open, low, close, volume } = seriesOf(minutes(0, 3));
    const high = Float64Array.of(4, 0, 4);
    const broken = CandleSeries.fromTrustedColumns(KEY, {
      timestamp,
      open,
      high,
      low,
      close,
      volume,
    });
    const { ok, problems } = check(stored([broken]));
    expect(ok).toBe(false);
    expect(problems).toMatchObject([{ kind: 'value', key: KEY }]);
    expect(problems[0]?.message).toMatch('[1].high');
  });

  it('finds candles out of order and twice', () => {
    const { problems } = check(stored([seriesOf(minutes(3, 5)), seriesOf(minutes(4, 6))]));
    expect(problems).toMatchObject([{ kind: 'order', key: KEY }]);
  });

  it('finds coverage that overlaps, is empty, or ends within a period', () => {
    const { problems } = check(
      stored(
        [],
        [
          [0, 5],
          [4, 6],
          [8, 8],
          [9, 9.5],
        ],
      ),
    );
    expect(problems.map(({ kind, interval }) => [kind, interval?.from])).toEqual([
      ['coverage', minute(4)],
      ['coverage', minute(8)],
      ['coverage', minute(9)],
    ]);
  });

  it('stops telling after a thousand problems', () => {
    const overlapping = Array.from({ length: 1_500 }, (): [number, number] => [0, 5]);
    const { problems, truncated } = check(stored([], overlapping));
    expect(problems.length).toBe(1_000);
    expect(truncated).toBe(true);
  });
});

function stored(
  chunks: readonly CandleSeries[],
  covered: readonly [from: number, to: number][] = [],
): StoredSeries {
  const coverage = covered.map(([from, to]): Interval => ({ from: minute(from), to: minute(to) }));
  return {
    key: KEY,
    candles: new CandleChunks(KEY, chunks),
    coverage: coverage.map((interval) => ({ ...interval, source: 'a', collectedAt: minute(0) })),
  };
}

function check(series: StoredSeries): IntegrityReport {
  const steps = checkSeries([series]);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
