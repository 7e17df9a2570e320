import { describe, expect, it } from 'vitest';
import { parseDemoOptions, USAGE, UsageError } from '../src/demo-options.ts';

describe('the command line', () => {
  it('has a default for everything', () => {
    expect(parseDemoOptions([])).toEqual({
      storage: 'sqlite:./market_data.sqlite3',
      realtime: 'memory:',
      diskCache: expect.stringMatching(/^disk:.*barkeep-demo-.*maxBytes=\d+$/),
      days: 90,
      port: 4170,
      once: false,
      input: undefined,
    });
  });

  it('takes every option, also behind the dashes that a package manager passes on', () => {
    const args =
      '-- --once --days 2 --port 0 --storage memory: --realtime redis://127.0.0.1 --disk-cache disk:./c';
    const file = '--input a.csv --symbol BTC/USD --timeframe 1h';
    expect(parseDemoOptions(`${args} ${file}`.split(' '))).toEqual({
      storage: 'memory:',
      realtime: 'redis://127.0.0.1',
      diskCache: 'disk:./c',
      days: 2,
      port: 0,
      once: true,
      input: { path: 'a.csv', symbol: 'BTC/USD', timeframe: '1h' },
    });
  });

  it('asks for help', () => {
    expect(parseDemoOptions(['--help', '--days', '3'])).toBeUndefined();
    expect(USAGE).toContain('--storage URL');
  });

  it.each([
    ['--nonsense', "Unknown option '--nonsense'"],
    ['stray', "Unexpected argument 'stray'"],
    ['--days', "'--days <value>' argument missing"],
    ['--days 0', '--days must be a whole number from 1'],
    ['--days 1.5', '--days must be a whole number'],
    ['--port 70000', '--port must be a whole number from 0 to 65535'],
    ['--once=yes', "'--once' does not take an argument"],
    ['--symbol KRW-BTC', 'add --input FILE.csv'],
    ['--input a.csv --timeframe 1m', 'add --symbol'],
    ['--input a.csv --symbol A', 'add --timeframe'],
    ['--input a.csv --symbol A --timeframe 1x', '--timeframe "1x" must be a positive whole number'],
    ['--input a.csv --symbol A --timeframe 1d@900m', 'must be written "1d@15h"'],
  ])('refuses "%s" in plain words', (args, reason) => {
    const parse = () => parseDemoOptions(args.split(' '));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(reason);
  });
});
