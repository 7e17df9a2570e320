import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isTimeframe, type Timeframe, timeframeFault } from '@barkeep/core';

export interface DemoOptions {
  /** Where candles are kept. */
  readonly storage: string;
  /** Where tickers, order books and trades are kept. */
  readonly realtime: string;
  /** Where pages of history that were read are kept for the next start. */
  readonly diskCache: string;
  /** How many days of history to back-fill. */
  readonly days: number;
  /** The port to start looking for a free one at; 0 lets the system choose. */
  readonly port: number;
  /** Do the job and stop, without a page. */
  readonly once: boolean;
  /** Real candles to load instead of the simulation. */
  readonly input?: CandleFile | undefined;
}

export interface CandleFile {
  readonly path: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Barkeep demo: an exchange, a database of its candles, and a live chart.

  npx -y pnpm@12 demo [options]

  --once              back-fill, take a few minutes of live data, print the summary, and stop
  --days N            how many days of one-minute candles to back-fill (default 90)
  --port N            serve the page on this port or the next free one (default 4170)
  --storage URL       where candles go: sqlite:./market_data.sqlite3 (default), memory:
  --realtime URL      where tickers, order books and trades go: memory: (default)
  --disk-cache URL    where pages that were read are kept for the next start: disk:./cache;
                      default: a folder of yours in the system's temporary directory
  --input FILE.csv    load real candles instead of the simulation and report their gaps;
                      header timestamp,open,high,low,close,volume, in any order; times in
                      ISO 8601 or epoch seconds, milliseconds, microseconds, nanoseconds
  --symbol S          the symbol of those candles, such as KRW-BTC
  --timeframe T       their timeframe, such as 1m, 1h or 1d; 1d@15h where days begin at 15:00 UTC
  --help              show this
`;

const LONGEST_HISTORY_DAYS = 2_000;
const CACHE_BYTES = 64 * 1_024 ** 2;

/**
 * Reads the command line; `undefined` when only help was asked for.
 * @throws UsageError saying in plain words what is wrong.
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const values = parseValues(args);
  if (values.help) return undefined;
  return {
    storage: values.storage ?? 'sqlite:./market_data.sqlite3',
    realtime: values.realtime ?? 'memory:',
    diskCache: values['disk-cache'] ?? temporaryCache(),
    days: wholeNumber('--days', values.days ?? '90', 1, LONGEST_HISTORY_DAYS),
    port: wholeNumber('--port', values.port ?? '4170', 0, 65_535),
    once: values.once ?? false,
    input: candleFile(values),
  };
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({
      // pnpm hands over a `--` that its user typed.
      args: args.filter((arg) => arg !== '--'),
      options: {
        once: { type: 'boolean' },
        days: { type: 'string' },
        port: { type: 'string' },
        storage: { type: 'string' },
        realtime: { type: 'string' },
        'disk-cache': { type: 'string' },
        input: { type: 'string' },
        symbol: { type: 'string' },
        timeframe: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new UsageError(`${reason}. Run with --help to see all options.`, { cause: error });
  }
}

function temporaryCache(): string {
  const directory = join(tmpdir(), `barkeep-demo-${userInfo().username}`);
  return `disk:${encodeURIComponent(directory)}?maxBytes=${CACHE_BYTES}`;
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}, not "${text}".`);
}

function candleFile(values: {
  readonly input?: string | undefined;
  readonly symbol?: string | undefined;
  readonly timeframe?: string | undefined;
}): CandleFile | undefined {
  const { input, symbol, timeframe } = values;
  if (input === undefined) {
    if (symbol === undefined && timeframe === undefined) return undefined;
    throw new UsageError('--symbol and --timeframe describe a file: add --input FILE.csv.');
  }
  if (symbol === undefined || symbol === '') {
    throw new UsageError('--input needs to know whose candles these are: add --symbol KRW-BTC.');
  }
  if (timeframe === undefined) {
    throw new UsageError('--input needs to know how long a candle is: add --timeframe 1m.');
  }
  if (isTimeframe(timeframe)) return { path: input, symbol, timeframe };
  throw new UsageError(`--timeframe "${timeframe}" ${timeframeFault(timeframe)}.`);
}
