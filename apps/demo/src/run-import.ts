import { basename } from 'node:path';
import { MIN_EPOCH_MS, type SeriesKey, throwIfAborted } from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';
import { GapReport } from './csv/gap-report.ts';
import { readCandlesCsv } from './csv/read-candles-csv.ts';
import type { CandleFile, DemoOptions } from './demo-options.ts';
import { openMarketData } from './open-market-data.ts';
import {
  gapsFact,
  type ImportTally,
  importFact,
  printSummary,
  startFact,
} from './print-summary.ts';
import { servePage } from './serve-page.ts';
import type { DemoOutput } from './terminal/demo-output.ts';
import { count } from './terminal/figures.ts';
import { ProgressBar } from './terminal/progress-bar.ts';

/** A series is read back in stretches of so many candles, however long it is. */
const CANDLES_PER_STRETCH = 50_000;

/** Loads a file's candles, prints their gaps and the summary, and serves the page unless `once`. */
export async function runImport(
  options: DemoOptions,
  file: CandleFile,
  output: DemoOutput,
  signal: AbortSignal,
): Promise<void> {
  const key: SeriesKey = { symbol: file.symbol, timeframe: file.timeframe };
  const service = await openMarketData(options);
  try {
    await loadAndShow(service, key, options, file, output, signal);
  } finally {
    await service.close();
  }
}

async function loadAndShow(
  service: IMarketDataService,
  key: SeriesKey,
  options: DemoOptions,
  file: CandleFile,
  output: DemoOutput,
  signal: AbortSignal,
): Promise<void> {
  const opened = await service.stats();
  const tally = await importCandles(service, key, file, output, signal);
  const gaps = await findGaps(service, key, signal);
  const facts = [startFact(opened), importFact(tally, basename(file.path)), gapsFact(gaps, key)];
  await printSummary(output.results, service, [await service.describeSeries(key)], facts);
  if (options.once || signal.aborted) return;

  const failed = new AbortController();
  const list = {
    markets: [{ symbol: key.symbol, name: basename(file.path) }],
    timeframes: [key.timeframe],
    live: false,
  };
  const page = { service, list, port: options.port, onWatch: () => {} };
  await servePage(
    output.results,
    { ...page, onError: (error) => failed.abort(error) },
    AbortSignal.any([signal, failed.signal]),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
}

/**
 * Saves the file batch by batch, after a look at all of it: a fault in its last line leaves nothing
 * stored. Which periods had no trades it does not say: nothing is covered.
 */
async function importCandles(
  service: IMarketDataService,
  key: SeriesKey,
  { path }: CandleFile,
  output: DemoOutput,
  signal: AbortSignal,
): Promise<ImportTally> {
  await checkFile(path, key, output, signal);
  const begin = performance.now();
  const bar = new ProgressBar(output.progress, 'Loading');
  const tally = { inserted: 0, updated: 0, unchanged: 0 };
  try {
    for await (const { candles, share } of readCandlesCsv(path, key)) {
      const saved = await service.saveCandles(key, candles, { source: basename(path), signal });
      tally.inserted += saved.inserted;
      tally.updated += saved.updated;
      tally.unchanged += saved.unchanged;
      bar.update(share, `${count(tally.inserted + tally.updated + tally.unchanged)} candles`);
    }
  } finally {
    bar.done();
  }
  return { ...tally, tookMs: performance.now() - begin };
}

/** @throws BarkeepError `INVALID_INPUT` naming the line of the first fault. */
async function checkFile(
  path: string,
  key: SeriesKey,
  output: DemoOutput,
  signal: AbortSignal,
): Promise<void> {
  const bar = new ProgressBar(output.progress, 'Checking');
  let checked = 0;
  try {
    for await (const { candles, share } of readCandlesCsv(path, key)) {
      throwIfAborted(signal);
      checked += candles.length;
      bar.update(share, `${count(checked)} candles`);
    }
  } finally {
    bar.done();
  }
}

async function findGaps(
  service: IMarketDataService,
  key: SeriesKey,
  signal: AbortSignal,
): Promise<GapReport> {
  const report = new GapReport();
  for (let from = MIN_EPOCH_MS, done = false; !done; ) {
    const limit = CANDLES_PER_STRETCH;
    const { series } = await service.getCandles({ ...key, from, limit }, { signal });
    report.add(series);
    done = series.length < limit;
    from = series.lastTimestamp + 1;
  }
  return report;
}
