import { describe, expect, it } from 'vitest';
import { CASES } from '../src/cases/cases.ts';
import { HELP, parseOptions } from '../src/options.ts';

describe('parseOptions', () => {
  it('fills in defaults', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      candles: 1_000_000,
      series: 10_000,
      operations: 100_000,
      growth: undefined,
      repeat: 3,
      market: 'krw',
      only: [],
      input: undefined,
      json: undefined,
    });
  });

  it('takes what is given', () => {
    const args = '--candles 5 --market usd --only read --only list --json out.json'.split(' ');
    expect(parseOptions(args)).toMatchObject({
      candles: 5,
      market: 'usd',
      only: ['read', 'list'],
      json: 'out.json',
    });
  });

  it.each([
    [['--fast'], /--fast/],
    [['write'], /write/],
    [['--candles'], /--candles/],
    [['--candles', '0'], /--candles must be a whole number of at least 1; got "0"/],
    [['--repeat', '1.5'], /--repeat must be/],
    [['--series', '1e4'], /--series must be/],
    [['--operations', '-1'], /--operations/],
    [['--growth', '1M'], /--growth must be/],
    [['--only', 'nothing'], /--only must be one of write, .*read, .*got "nothing"/],
    [['--market', 'eur'], /--market must be one of krw, usd; got "eur"/],
    [['--input', 'x.csv', '--candles', '5'], /--input takes the candles as they are/],
    [['--input', 'x.csv', '--market', 'usd'], /--input takes the candles as they are/],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('names every case once, and explains it', () => {
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
    const lines = HELP.split('\n').map((line) => line.trim().split(/ {2,}/));
    for (const { name, about } of CASES) expect(lines).toContainEqual([name, about]);
  });
});
