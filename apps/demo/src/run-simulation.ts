import {
  type Interval,
  type SeriesKey,
  systemClock,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { fillHoles, findHoles } from './back-fill.ts';
import type { DemoOptions } from './demo-options.ts';
import { ExchangeCoordinator } from './exchange/exchange-coordinator.ts';
import { ExchangeLine } from './exchange/exchange-line.ts';
import { ExchangeRouter } from './exchange/exchange-router.ts';
import { KRW_MARKETS } from './exchange/market-profile.ts';
import { ReplayClock } from './exchange/replay-clock.ts';
import { SimulatedExchange } from './exchange/simulated-exchange.ts';
import { GRACE_MS, LiveFeed } from './live-feed.ts';
import { openMarketData } from './open-market-data.ts';
import {
  type HistoryTally,
  historyFact,
  liveFacts,
  printSummary,
  startFact,
} from './print-summary.ts';
import { servePage } from './serve-page.ts';
import type { MarketList } from './server/wire.ts';
import type { DemoOutput } from './terminal/demo-output.ts';
import { count } from './terminal/figures.ts';
import { ProgressBar } from './terminal/progress-bar.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** How much live data the demo goes through in an instant before it prints its summary. */
const REPLAYED_MS = 3 * MINUTE_MS;

const SERIES: readonly SeriesKey[] = KRW_MARKETS.map(({ symbol }) => ({ symbol, timeframe: '1m' }));

const MARKETS: MarketList = {
  markets: KRW_MARKETS.map(({ symbol, name }) => ({ symbol, name })),
  timeframes: ['1m', '5m', '15m', '1h', '4h', '1d'] satisfies Timeframe[],
  live: true,
};

/** Back-fills history, takes live data, prints the summary, and serves the page unless `once`. */
export async function runSimulation(
  options: DemoOptions,
  output: DemoOutput,
  signal: AbortSignal,
): Promise<void> {
  const past = floorToMinute(systemClock.now()) - REPLAYED_MS + GRACE_MS;
  const clock = new ReplayClock(Math.max(past, await lastCollectedInstant(options)));
  const exchange = new SimulatedExchange({ clock });
  const progress = new BackFillProgress(output);
  const coordinator = new ExchangeCoordinator(exchange, (feedback) => progress.add(feedback));
  const router = new ExchangeRouter(exchange);
  const service = await openMarketData(options, { router, coordinator, clock });
  try {
    await simulate({ options, output, signal, clock, exchange, router, progress, service });
  } finally {
    router.close();
    await service.close();
  }
}

/** What a running simulation consists of. */
interface Simulation {
  readonly options: DemoOptions;
  readonly output: DemoOutput;
  readonly signal: AbortSignal;
  readonly clock: ReplayClock;
  readonly exchange: SimulatedExchange;
  readonly router: ExchangeRouter;
  readonly progress: BackFillProgress;
  readonly service: IMarketDataService;
}

async function simulate(simulation: Simulation): Promise<void> {
  const { options, output, signal, clock, exchange, router, progress, service } = simulation;
  const opened = await service.stats();
  // What an earlier run has recorded as final is not lived through again.
  clock.advanceTo((await lastCoveredInstant(service)) + GRACE_MS);
  const to = floorToMinute(clock.now() - GRACE_MS);
  const history: Interval = { from: to - options.days * DAY_MS, to };
  const fetched = await backFill(service, history, progress, signal);

  const feed = new LiveFeed(router, clock);
  for (const key of SERIES) router.watch(key);
  await feed.replay(clock, systemClock.now());

  const ended = { from: history.from, to: floorToMinute(clock.now() - GRACE_MS) };
  const reports = await Promise.all(SERIES.map((key) => service.describeSeries(key, ended)));
  const facts = [
    startFact(opened),
    historyFact({ ...fetched, calls: exchange.calls }),
    ...liveFacts(await service.stats()),
  ];
  await printSummary(output.results, service, reports, facts);
  if (options.once || signal.aborted) return;

  clock.release();
  await serveLive(simulation, feed);
}

/** Streams and serves until the signal fires, or until one of the two fails. */
async function serveLive(simulation: Simulation, feed: LiveFeed): Promise<void> {
  const { options, output, signal, exchange, router, service } = simulation;
  const line = new ExchangeLine(exchange, router);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const page = { service, list: MARKETS, port: options.port, line };
  const results = await Promise.allSettled([
    feed.run(stop).finally(() => failed.abort()),
    servePage(
      output.results,
      { ...page, onWatch: (key) => router.watch(key), onError: (error) => failed.abort(error) },
      stop,
    ).finally(() => failed.abort()),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  if (failed.signal.reason instanceof Error && !signal.aborted) throw failed.signal.reason;
}

/** Fetches what is missing of a range, and shows how it goes. */
async function backFill(
  service: IMarketDataService,
  range: Interval,
  progress: BackFillProgress,
  signal: AbortSignal,
): Promise<Omit<HistoryTally, 'calls'>> {
  const begin = performance.now();
  const holes = await findHoles(service, SERIES, range);
  const periods = holes.reduce((sum, hole) => sum + hole.periods, 0);
  progress.begin(periods);
  try {
    await fillHoles(service, holes, signal);
  } finally {
    progress.end();
  }
  return { periods, candles: progress.candles, tookMs: performance.now() - begin };
}

/** What an earlier run has collected must not lie in the future of this one: it would not be believed. */
async function lastCollectedInstant(options: Pick<DemoOptions, 'storage'>): Promise<number> {
  await using service = await createMarketData({ storage: options.storage, cache: false });
  const reports = await Promise.all(SERIES.map((key) => service.describeSeries(key)));
  return Math.max(0, ...reports.map(({ collectedAt }) => collectedAt ?? 0));
}

/** Up to where the series are known to be complete: 0 in a new database. */
async function lastCoveredInstant(service: IMarketDataService): Promise<number> {
  const reports = await Promise.all(SERIES.map((key) => service.describeSeries(key)));
  return Math.max(0, ...reports.map(({ coverage }) => coverage.at(-1)?.to ?? 0));
}

/** The bar of the back-fill, moved by what the storage has taken in. */
class BackFillProgress {
  readonly #bar: ProgressBar;
  #wanted = 0;
  #periods = 0;
  #candles = 0;

  constructor(output: DemoOutput) {
    this.#bar = new ProgressBar(output.progress, 'Back-filling');
  }

  get candles(): number {
    return this.#candles;
  }

  begin(wanted: number): void {
    this.#wanted = wanted;
  }

  add({ request, candles }: { readonly request: SeriesKey & Interval; readonly candles: number }) {
    if (this.#wanted === 0) return;
    const grid = timeframeGrid(request.timeframe);
    this.#periods += grid.indexOf(request.to) - grid.indexOf(request.from);
    this.#candles += candles;
    const note = `${request.symbol}  ${count(this.#candles)} candles`;
    this.#bar.update(this.#periods / this.#wanted, note);
  }

  /** What is fetched from now on is not part of the back-fill. */
  end(): void {
    this.#wanted = 0;
    this.#bar.done();
  }
}

function floorToMinute(instant: number): number {
  return Math.floor(instant / MINUTE_MS) * MINUTE_MS;
}
