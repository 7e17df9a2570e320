import { parseArgs } from 'node:util';
import { invalidInput } from '@barkeep/core';
import { CASES } from './cases/cases.ts';
import { isMarketName, MARKET_STYLES, type MarketName } from './data/market-style.ts';

export interface BenchOptions {
  readonly help: boolean;
  readonly candles: number;
  readonly series: number;
  readonly operations: number;
  /** How many candles the growing store ends with; `undefined` for four times the candles. */
  readonly growth: number | undefined;
  readonly repeat: number;
  readonly market: MarketName;
  /** The names of the cases to run. */
  readonly only: readonly string[];
  /** A CSV file to take the candles from. */
  readonly input: string | undefined;
  /** Where the report goes; `undefined` for a new file in bench-results/. */
  readonly json: string | undefined;
}

const WIDTH = Math.max(...CASES.map(({ name }) => name.length));

export const HELP = `Measures Barkeep against what you would use instead, and prints the ratios.

Usage: pnpm bench [options]

  --candles N      one-minute candles to generate (default 1000000)
  --market NAME    how their prices look: ${Object.keys(MARKET_STYLES).join(' or ')} (default krw)
  --input FILE     take the candles from a CSV file instead, as they are
                   (header timestamp,open,high,low,close,volume)
  --repeat N       samples of each contender; the median counts (default 3)
                   (3 show a trend; take 9 or more when ratios are close or the
                   machine is busy, and compare min - max before medians)
  --growth N       candles that the growing store ends with (default: four times
                   the candles; 50000000 takes minutes and gigabytes)
  --series N       series in the cases of many series (default 10000)
  --operations N   reads and writes in a realtime or cache sample (default 100000)
  --only NAME      run this case only; may be given several times
  --json FILE      where the report goes (default: a new file in bench-results/)
  --help           this text

Cases:
${CASES.map(({ name, about }) => `  ${name.padEnd(WIDTH)}  ${about}`).join('\n')}
`;

/** @throws TypeError for an unknown option; BarkeepError `INVALID_INPUT` for a bad value. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      candles: { type: 'string' },
      series: { type: 'string', default: '10000' },
      operations: { type: 'string', default: '100000' },
      growth: { type: 'string' },
      repeat: { type: 'string', default: '3' },
      market: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      input: { type: 'string' },
      json: { type: 'string' },
    },
  });
  if (values.input !== undefined && (values.candles ?? values.market) !== undefined) {
    throw invalidInput({
      field: '--input',
      rule: 'takes the candles as they are: give it without --candles and --market',
    });
  }
  return {
    help: values.help,
    candles: positiveCount('--candles', values.candles ?? '1000000'),
    series: positiveCount('--series', values.series),
    operations: positiveCount('--operations', values.operations),
    growth: values.growth === undefined ? undefined : positiveCount('--growth', values.growth),
    repeat: positiveCount('--repeat', values.repeat),
    market: marketName(values.market ?? 'krw'),
    only: values.only.map(caseName),
    input: values.input,
    json: values.json,
  };
}

function positiveCount(field: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalidInput({ field, rule: 'must be a whole number of at least 1', value: text });
}

function marketName(name: string): MarketName {
  if (isMarketName(name)) return name;
  const known = Object.keys(MARKET_STYLES).join(', ');
  throw invalidInput({ field: '--market', rule: `must be one of ${known}`, value: name });
}

function caseName(name: string): string {
  if (CASES.some((one) => one.name === name)) return name;
  const known = CASES.map((one) => one.name).join(', ');
  throw invalidInput({ field: '--only', rule: `must be one of ${known}`, value: name });
}
