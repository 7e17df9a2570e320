import type { SeriesKey } from '@barkeep/core';
import type {
  CandleOrigins,
  IMarketDataService,
  MarketDataStatistics,
  SeriesReport,
} from '@barkeep/market-data';
import type { GapReport } from './csv/gap-report.ts';
import {
  CANDLES_PER_READ,
  measureReads,
  type ReadRound,
  type ReadSample,
} from './measure-reads.ts';
import { byteSize, count, counted, duration, instant } from './terminal/figures.ts';
import { styled, type Terminal } from './terminal/terminal-style.ts';
import { type TableColumn, textTable } from './terminal/text-table.ts';
import { wrapText } from './terminal/wrap-text.ts';
import { TIER_COLUMNS, tierRows } from './tier-rows.ts';

/** What was fetched to begin with. */
export interface HistoryTally {
  readonly periods: number;
  readonly candles: number;
  readonly calls: number;
  readonly tookMs: number;
}

/** What was loaded from a file. */
export interface ImportTally {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly tookMs: number;
}

/** A heading and the sentence that stands beside it. */
type Fact = readonly [heading: string, text: string];

/** Upbit's own limit, to tell how long the same would have taken there. */
const UPBIT_CALLS_PER_SECOND = 10;

const COLUMNS: readonly TableColumn[] = [
  { title: 'Series', align: 'left' },
  { title: 'Candles', align: 'right' },
  { title: 'No trade', align: 'right' },
  { title: 'Missing', align: 'right' },
  { title: 'From (UTC)', align: 'left' },
  { title: 'To (UTC)', align: 'left' },
];

/** The table of series, what else there is to say about the house, and the table of tiers. */
export async function printSummary(
  terminal: Terminal,
  service: IMarketDataService,
  reports: readonly SeriesReport[],
  facts: readonly Fact[],
): Promise<void> {
  const sample = await measureReads(service, reports);
  const stats = await service.stats();
  const all: readonly Fact[] = [
    ...facts,
    ...realtimeFacts(stats),
    storageFact(stats),
    readsFact(sample),
  ];
  const width = Math.max(...all.map(([heading]) => heading.length));
  const lines = [
    '',
    ...tableLines(terminal, COLUMNS, reports.map(seriesRow)),
    '',
    ...all.flatMap((fact) => factLines(terminal, fact, width)),
    '',
    ...tableLines(terminal, TIER_COLUMNS, tierRows(stats)),
    '',
  ];
  terminal.stream.write(lines.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join(''));
}

function tableLines(
  terminal: Terminal,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const [header = '', rule = '', ...body] = textTable(columns, rows);
  return [styled(terminal, 'bold', header), styled(terminal, 'dim', rule), ...body];
}

/** The heading, and beside it the sentence, broken where the terminal ends. */
function factLines(terminal: Terminal, [heading, text]: Fact, width: number): string[] {
  const room = terminal.interactive
    ? (terminal.stream.columns || 80) - width - 6
    : Number.POSITIVE_INFINITY;
  return wrapText(text, Math.max(40, room)).map((line, i) => {
    const title = (i === 0 ? heading : '').padEnd(width);
    return `${styled(terminal, 'cyan', title)}   ${line}`;
  });
}

export function historyFact({ periods, candles, calls, tookMs }: HistoryTally): Fact {
  if (periods === 0) return ['History', 'nothing was missing, nothing was fetched'];
  const there = duration((calls / UPBIT_CALLS_PER_SECOND) * 1_000);
  const text = `${counted(candles, 'candle')} for ${counted(periods, 'missing minute')} fetched and stored in ${duration(tookMs)}, with ${counted(calls, 'call')} (${there} at Upbit's ${UPBIT_CALLS_PER_SECOND} calls a second)`;
  return ['History', text];
}

/** What the service had read ahead when it was opened. */
export function startFact({ preload, candles }: MarketDataStatistics): Fact {
  if (preload.queries === 0) return ['Start', 'nothing was read ahead: no earlier run has read'];
  const pages = candles.tiers.find(({ name }) => name === 'disk')?.hits ?? 0;
  const text = `${counted(preload.candles, 'candle')} of the ${count(preload.queries)} series read most were read ahead, ${counted(pages, 'page')} of them from disk`;
  return ['Start', text];
}

/** Nothing to say where nothing is recorded. */
export function liveFacts({ router }: MarketDataStatistics): Fact[] {
  if (router?.candles === undefined || router.realtime === undefined) return [];
  const { events, candles, realtime } = router;
  const failures = candles.failures + realtime.failures;
  const failed = failures === 0 ? '' : `; ${counted(failures, 'write')} failed`;
  const text = `the last minutes in an instant, ${counted(events, 'message')}: ${counted(candles.stored, 'state')} of candles stored, ${count(candles.repeated)} repeated, ${count(candles.outdated)} after a newer one; ${counted(realtime.duplicates, 'trade')} repeated${failed}`;
  return [['Live', text]];
}

export function importFact(tally: ImportTally, file: string): Fact {
  const { inserted, updated, unchanged, tookMs } = tally;
  const text = `${file} loaded in ${duration(tookMs)}: ${count(inserted)} candles were new, ${count(updated)} changed, ${count(unchanged)} the same as before`;
  return ['Import', text];
}

export function gapsFact(report: GapReport, key: SeriesKey): Fact {
  if (report.count === 0) return ['Gaps', 'none: no period between first and last is absent'];
  const shown = report.first.map(({ from, periods }) => `${instant(from)} (${count(periods)})`);
  const longest = report.longest;
  const extreme =
    longest === undefined ? '' : `; longest ${count(longest.periods)} at ${instant(longest.from)}`;
  const more = report.count > report.first.length ? ', …' : '';
  const text = `${counted(report.count, 'gap')}, ${counted(report.missingPeriods, `${key.timeframe} period`)} without a candle${extreme}; first ${shown.join(', ')}${more}`;
  return ['Gaps', text];
}

function storageFact({ storage }: MarketDataStatistics): Fact {
  if (storage === undefined) return ['Storage', 'no figures: it did not answer'];
  const { candles, bytes, series } = storage.size;
  const each = candles === 0 ? 'no candles' : `${(bytes / candles).toFixed(1)} bytes a candle`;
  return [
    'Storage',
    `${counted(candles, 'candle')} of ${count(series)} series in ${byteSize(bytes)}: ${each}`,
  ];
}

/** Nothing to say where nothing is live. */
function realtimeFacts({ realtime }: MarketDataStatistics): Fact[] {
  if (realtime === undefined) return [['Realtime', 'no figures: it did not answer']];
  const { tickers, orderBooks, trades, bytes } = realtime;
  if (tickers + orderBooks + trades === 0) return [];
  const held = `${counted(tickers, 'ticker')}, ${counted(orderBooks, 'order book')} and ${counted(trades, 'trade')}`;
  return [['Realtime', `${held} in ${byteSize(bytes)}, all of which expires`]];
}

function readsFact({ history, first, second, third }: ReadSample): Fact {
  const latest = `latest ${count(CANDLES_PER_READ)} candles of a series ${roundText(first)}, once more ${roundText(second)}, and again in ${duration(third.tookMs)}`;
  const old = sumOf(history.origins) === 0 ? '' : `; as many older ones ${roundText(history)}`;
  return ['Reads', `${latest}${old}`];
}

function roundText({ tookMs, origins }: ReadRound): string {
  const { cache, router, disk, storage, coordinator } = origins;
  const shares = Object.entries({ memory: cache, router, disk, storage, coordinator })
    .filter(([, candles]) => candles > 0)
    .map(([tier, candles]) => `${count(candles)} ${tier}`);
  return `in ${duration(tookMs)} (${shares.join(', ') || 'none'})`;
}

function sumOf({ cache, router, disk, storage, coordinator }: CandleOrigins): number {
  return cache + router + disk + storage + coordinator;
}

function seriesRow({ key, continuity }: SeriesReport): string[] {
  const { candles, noTradePeriods, missingPeriods, range } = continuity;
  return [
    `${key.symbol} ${key.timeframe}`,
    count(candles),
    count(noTradePeriods),
    count(missingPeriods),
    instant(range.from),
    instant(range.to),
  ];
}
