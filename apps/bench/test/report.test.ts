import { describe, expect, it } from 'vitest';
import { progressOn } from '../src/progress.ts';
import { formatBytes, formatDuration, formatRate, formatRatio } from '../src/report/format.ts';
import { type JudgedGoal, judgeGoals } from '../src/report/judge-goals.ts';
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

  it.each([
    [0, '0.00 B'],
    [7.914, '7.91 B'],
    [1_340, '1.34 kB'],
    [25_000_000, '25.0 MB'],
    [2.5e9, '2.50 GB'],
  ])('%d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('rates', () => {
    expect(formatRate(1_000_000, 500, 'candles')).toBe('2.00 M candles/s');
    expect(formatRate(1, 0.5, 'reads')).toBe('2.00 k reads/s');
    expect(formatRate(1, 500, 'reads')).toBe('2.00 reads/s');
  });

  it('ratios, with their direction', () => {
    expect(formatRatio(3.14, 'ms')).toBe('3.14× faster');
    expect(formatRatio(0.5, 'ms')).toBe('2.00× slower');
    expect(formatRatio(1.001, 'ms')).toBe('as fast');
    expect(formatRatio(2, 'bytes')).toBe('2.00× smaller');
    expect(formatRatio(0.5, 'bytes')).toBe('2.00× larger');
    expect(formatRatio(Number.POSITIVE_INFINITY, 'bytes')).toBe('∞× smaller');
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
        { id: 'F9', title: 'fast enough', metric: 'time', limit: { atMost: 10 } },
        {
          id: '',
          title: 'near the other',
          metric: 'time',
          limit: { times: 3, contender: 'other' },
        },
        { id: '', title: 'small enough', metric: 'size', limit: { atMost: 0 } },
        { id: '', title: 'flat', metric: 'size', limit: { times: 2, metric: 'time' } },
        {
          id: '',
          title: 'nobody',
          metric: 'time',
          limit: { times: 2, contender: 'absent' },
        },
      ],
    },
    metrics: [
      {
        metric: { name: 'time', title: 'time', unit: 'ms' },
        contenders: [
          { name: 'Barkeep', samples: [7], median: 7, min: 7, max: 7, ratio: 1 },
          { name: 'other', samples: [2], median: 2, min: 2, max: 2, ratio: 2 / 7 },
        ],
      },
      {
        metric: { name: 'size', title: 'size', unit: 'bytes' },
        contenders: [{ name: 'Barkeep', samples: [0], median: 0, min: 0, max: 0, ratio: 1 }],
      },
    ],
  };

  const judged = (goal: Omit<JudgedGoal, 'case'>): JudgedGoal => ({ case: 'case', ...goal });

  it('holds Barkeep’s median against an amount, against another and against its own', () => {
    expect(judgeGoals(result)).toEqual([
      judged({ id: 'F9', title: 'fast enough', unit: 'ms', measured: 7, limit: 10, met: true }),
      judged({ id: '', title: 'near the other', unit: 'ms', measured: 7, limit: 6, met: false }),
      judged({ id: '', title: 'small enough', unit: 'bytes', measured: 0, limit: 0, met: true }),
      judged({ id: '', title: 'flat', unit: 'bytes', measured: 0, limit: 14, met: true }),
      judged({ id: '', title: 'nobody', unit: 'ms', measured: 7, limit: Number.NaN, met: false }),
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
