import { readFile } from 'node:fs/promises';
import { basename, parse } from 'node:path';
import { BarkeepError, type CandleSeries, invalidInput } from '@barkeep/core';
import type { BenchOptions } from '../options.ts';
import { generateMarket } from './generate-market.ts';
import { MARKET_STYLES } from './market-style.ts';
import { parseCandleCsv } from './parse-candle-csv.ts';

export interface Dataset {
  readonly series: CandleSeries;
  /** Where the candles come from. */
  readonly origin: string;
}

/**
 * The candles of a file as they are, or those of an invented market.
 * @throws BarkeepError `IO` when the file cannot be read; `INVALID_INPUT` naming the line at fault.
 */
export async function loadDataset(options: BenchOptions): Promise<Dataset> {
  if (options.input === undefined) {
    const style = MARKET_STYLES[options.market];
    return {
      series: generateMarket(style, options.candles),
      origin: `generated, ${style.name} style`,
    };
  }
  const series = parseCandleCsv(await readText(options.input), parse(options.input).name);
  if (series.length === 0) {
    throw invalidInput({ field: 'input', rule: 'must have candles', value: options.input });
  }
  return { series, origin: `file ${basename(options.input)}` };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BarkeepError('IO', `cannot read ${path}: ${reason}`, { cause, details: { path } });
  }
}
