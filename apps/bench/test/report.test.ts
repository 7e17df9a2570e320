import { describe, expect, it } from 'vitest';
import { progressOn } from '../src/progress.ts';
import { formatDuration, formatRate, formatRatio } from '../src/report/format.ts';
import { judgeGoals } from '../src/report/judge-goals.ts';
import { renderTable } from '../src/report/table.ts';
import type { CaseResult } from '../src/run-case.ts';
import { summarize } from '../src/summary.ts';

describe('summarize', () => {
  it('takes the middle sample, or the mean of the two', () => {
    expect(summarize([5, 1, 3])).toEqual({ samples: [5, 1, 3], median: 3, min: 1, max: 5 });
    expect(summarize([4, 1, 3, 100])).toMatchObject({ median: 3.5, min: 1, max: 100 });
  });

  it('refuses none, and readings that are missing', () => {
    expect(() => summarize([])).toThrow(RangeError);
    expect(() => summarize([1, Number.NaN])).toThrow(RangeError);
  });
});

describe('formats', () => {
  it.each([
    [0, '0.00 ns'],
    [0.000_095, '95.0 ns'],
    [0.001, '1.00 µs'],
    [0.25, '250 µs'],
    [9.999, '10.0 ms'],
    [812, '812 ms'],
    [1_340, '1.34 s'],
    [1_234_567, '1,235 s'],
  ])('%d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('rates', () => {
    expect(formatRate(1_000_000, 500, 'candles')).toBe('2.00 M candles/s');
    expect(formatRate(1, 0.5, 'reads')).toBe('2.00 k reads/s');
    expect(formatRate(1, 500, 'reads')).toBe('2.00 reads/s');
  });

  it('ratios, with their direction', () => {
    expect(formatRatio(3.14)).toBe('3.14× faster');
    expect(formatRatio(0.5)).toBe('2.00× slower');
    expect(formatRatio(1.001)).toBe('as fast');
  });
});

describe('renderTable', () => {
  it('aligns cells, and lets a line run across', () => {
    const rows = [['', 'time'], 'a long line across', ['a', '5'], ['bcd', '1000']];
    expect(renderTable(['left', 'right'], rows)).toBe(
      ['     time', 'a long line across', 'a       5', 'bcd  1000'].join('\n'),
    );
  });
});

describe('judgeGoals', () => {
  const result: CaseResult = {
    name: 'case',
    plan: {
      title: 'case',
      metrics: [],
      contenders: [],
      expected: '',
      warmUp: false,
      goals: [
        { id: 'F9', title: 'fast enough', metric: 'time', limit: { ms: 10 } },
        {
          id: '',
          title: 'near the other',
          metric: 'time',
          limit: { times: 3, contender: 'other' },
        },
      ],
    },
    metrics: [
      {
        metric: { name: 'time', title: 'time' },
        contenders: [
          { name: 'Barkeep', samples: [7], median: 7, min: 7, max: 7, ratio: 1 },
          { name: 'other', samples: [2], median: 2, min: 2, max: 2, ratio: 2 / 7 },
        ],
      },
    ],
  };

  it('holds Barkeep’s median against time and against another', () => {
    expect(judgeGoals(result)).toEqual([
      { case: 'case', id: 'F9', title: 'fast enough', measured: 7, limit: 10, met: true },
      { case: 'case', id: '', title: 'near the other', measured: 7, limit: 6, met: false },
    ]);
  });
});

describe('progressOn', () => {
  it('overwrites one line of a terminal, and says nothing elsewhere', () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    progressOn({ isTTY: false, columns: 80, write })('hidden');
    progressOn({ isTTY: true, columns: 6, write })('much too long');
    expect(written).toEqual(['\r\u001B[2Kmuch ']);
  });
});
