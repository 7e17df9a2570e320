import { type Candle, type Clock, timeframeGrid } from '@barkeep/core';
import type { CandleDelivery, CandleRequest, IMarketDataCoordinator } from '@barkeep/source';
import type { MemoryCoordinatorOptions } from '@barkeep/source-memory';
import { candlesOf } from './candles-of.ts';
import type { PlantIn } from './memory-coordinator-harness.ts';

/** A mistake that coordinators have made or could make, and the scenario that must catch it. */
export interface PlantedCoordinatorBug {
  readonly name: string;
  readonly caughtBy: string;
  readonly options: MemoryCoordinatorOptions;
  readonly plant: PlantIn;
}

type Fetch = IMarketDataCoordinator['fetchCandles'];
type Options = Parameters<Fetch>[1];

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const MONTH_MS = 30 * DAY_MS;

export const PLANTED_COORDINATOR_BUGS: readonly PlantedCoordinatorBug[] = [
  bug(
    'turns one page and claims them all',
    'fetch/sizes',
    delivering((delivery) => ({ ...delivery, covers: undefined })),
    { pagesPerCall: 1 },
  ),
  bug(
    'covers nothing of what it delivers',
    'fetch/sizes',
    delivering((delivery) => ({ ...delivery, covers: [] })),
  ),
  bug('drops the first candle of a page', 'fetch/sizes', withCandles(dropEvery(200))),
  bug(
    'takes to for inclusive',
    'fetch/sizes',
    delivering((delivery, request) => {
      const to = timeframeGrid(request.timeframe).shift(request.to);
      return { ...delivery, covers: { from: request.from, to } };
    }),
  ),
  bug(
    'takes from for exclusive',
    'fetch/sizes',
    withCandles((candles, { from }) => candles.filter(({ timestamp }) => timestamp > from)),
  ),
  bug(
    'gives times in seconds',
    'fetch/sizes',
    withCandles((candles) => {
      return candles.map((candle) => ({ ...candle, timestamp: candle.timestamp / 1_000 }));
    }),
  ),
  bug(
    'gives the time of the last trade instead of the period’s start',
    'fetch/sizes',
    withCandles((candles) => candles.map((it) => ({ ...it, timestamp: it.timestamp + 59_123 }))),
  ),
  bug('forgets now and then what it gave before', 'fetch/sizes', (coordinator) => {
    let calls = 0;
    return around(coordinator, async (fetch, request, options) => {
      calls += 1;
      const delivery = await fetch(request, options);
      return calls === 1 ? delivery : { ...delivery, covers: [] };
    });
  }),
  bug(
    'keeps the request of a call where the next one finds it',
    'model/truthful',
    (coordinator) => {
      let shared: CandleRequest;
      return around(coordinator, async (fetch, request, options) => {
        shared = request;
        await new Promise((resolve) => setTimeout(resolve, 0));
        return fetch(shared, options);
      });
    },
  ),
  bug('changes the request it was given', 'fetch/sizes', (coordinator) =>
    around(coordinator, (fetch, request, options) => {
      Object.assign(request, { symbol: 'BTC/KRW' });
      return fetch(request, options);
    }),
  ),
  bug('begins weeks on Thursday', 'fetch/timeframes', onGrid('1w', WEEK_MS)),
  bug('takes no notice of where hours begin', 'fetch/timeframes', onGrid('1h@30m', DAY_MS / 24)),
  bug('takes a month for 30 days', 'fetch/timeframes', onGrid('1M', MONTH_MS)),
  bug(
    'takes an empty page for a failure',
    'fetch/quiet',
    withCandles((candles) => {
      if (candles.length === 0) throw new TypeError('no candles');
      return candles;
    }),
  ),
  bug(
    'takes an empty page for the beginning of history',
    'fetch/quiet',
    delivering((delivery, { to }) => {
      return candlesOf(delivery).length === 0 ? { ...delivery, historyStart: to } : delivery;
    }),
  ),
  bug('fills quiet periods with flat candles', 'fetch/quiet', withCandles(fillGaps)),
  bug(
    'fails where history has not begun',
    'fetch/history',
    delivering((delivery, { to }) => {
      if (to < (delivery.historyStart ?? 0)) throw new RangeError('not listed yet');
      return delivery;
    }),
  ),
  bug(
    'says of the time before history neither that it is empty nor that it is before',
    'fetch/history',
    delivering((delivery) => {
      const isEmpty = candlesOf(delivery).length === 0;
      return isEmpty ? { ...delivery, covers: [], historyStart: undefined } : delivery;
    }),
  ),
  bug(
    'says history begins with the candle after the first',
    'fetch/history',
    delivering((delivery, request) => {
      const { historyStart } = delivery;
      if (historyStart === undefined) return delivery;
      return { ...delivery, historyStart: timeframeGrid(request.timeframe).shift(historyStart) };
    }),
  ),
  bug(
    'claims the period under way',
    'fetch/behind',
    delivering((delivery, { from, to }) => ({ ...delivery, covers: { from, to } })),
  ),
  bug('leaves out the candle in the making', 'fetch/sizes', (coordinator, clock) =>
    around(coordinator, async (fetch, request, options) => {
      const endedBy = timeframeGrid(request.timeframe).floor(clock.now());
      const delivery = await fetch(request, options);
      const candles = candlesOf(delivery).filter((it) => it.timestamp < endedBy);
      return { ...delivery, candles };
    }),
  ),
  bug('remembers what it gave, the candle in the making too', 'model/truthful', (coordinator) => {
    const known = new Map<string, CandleDelivery>();
    return around(coordinator, async (fetch, request, options) => {
      const text = JSON.stringify(request);
      const delivery = known.get(text) ?? (await fetch(request, options));
      known.set(text, delivery);
      return { ...delivery, covers: undefined, asOf: undefined };
    });
  }),
  bug(
    'tells a time of the answer that has not come yet',
    'fetch/sizes',
    delivering((delivery) => ({ ...delivery, asOf: (delivery.asOf ?? 0) + 60_000 })),
  ),
  bug(
    'tells the time of the answer in seconds',
    'fetch/sizes',
    delivering((delivery) => ({ ...delivery, asOf: Math.floor((delivery.asOf ?? 0) / 1_000) })),
  ),
  bug('tells the time of its first answer for ever', 'model/truthful', (coordinator) => {
    let first: number | undefined;
    return around(coordinator, async (fetch, request, options) => {
      const delivery = await fetch(request, options);
      first ??= delivery.asOf;
      return { ...delivery, asOf: first };
    });
  }),
  bug('settles for less than no time', 'fetch/sizes', (coordinator) => ({
    fetchCandles: (request, options) => coordinator.fetchCandles(request, options),
    settlingMs: -1,
  })),
  bug('ignores from where it finds nothing', 'fetch/quiet', (coordinator) =>
    around(coordinator, async (fetch, request, options) => {
      const delivery = await fetch(request, options);
      if (candlesOf(delivery).length > 0) return delivery;
      const all = candlesOf(await fetch({ ...request, from: 0 }, options));
      return { ...delivery, candles: all.slice(0, 10) };
    }),
  ),
  bug('swallows the abort', 'abort/given-up', (coordinator) =>
    around(coordinator, async (fetch, request, options) => {
      if (options.signal?.aborted) return { candles: [] };
      return fetch(request, options);
    }),
  ),
  bug('claims everything when it is given up under way', 'abort/given-up', (coordinator) =>
    around(coordinator, (fetch, request, options) => {
      return Promise.resolve(fetch(request, options)).catch(() => ({ candles: [] }));
    }),
  ),
  bug('resolves a hanging call when it is given up', 'abort/given-up', (coordinator) =>
    around(coordinator, (fetch, request, options) => {
      return Promise.resolve(fetch(request, options)).catch(() => ({ candles: [], covers: [] }));
    }),
  ),
  bug('never looks at the signal', 'abort/given-up', (coordinator) =>
    around(coordinator, (fetch, request) => {
      return fetch(request, { signal: new AbortController().signal });
    }),
  ),
  bug('shares one call among equal requests, its signal too', 'model/truthful', (coordinator) => {
    const flights = new Map<string, ReturnType<Fetch>>();
    return around(coordinator, (fetch, request, options) => {
      const flight = flights.get(JSON.stringify(request)) ?? fetch(request, options);
      flights.set(JSON.stringify(request), flight);
      return flight;
    });
  }),
  bug(
    'hides that it would help to ask again',
    'failure/rateLimit',
    failing((error) => new Error('it failed', { cause: error })),
  ),
  bug(
    'does not pass on when to ask again',
    'failure/rateLimit',
    failing(({ message, retryable }) => ({ message, retryable })),
  ),
  bug(
    'wants to be asked again whatever has failed',
    'failure/rateLimit',
    failing(({ message }) => ({ message, retryable: true })),
  ),
  bug('fails for good after a failure', 'failure/outage', (coordinator) => {
    let failed: unknown;
    return around(coordinator, async (fetch, request, options) => {
      if (failed !== undefined) throw failed;
      try {
        return await fetch(request, options);
      } catch (error) {
        failed = error;
        throw error;
      }
    });
  }),
  bug('claims what has failed half-way', 'failure/outage', (coordinator) =>
    around(coordinator, (fetch, request, options) => {
      return Promise.resolve(fetch(request, options)).catch(() => ({ candles: [] }));
    }),
  ),
  bug('chokes on feedback', 'fetch/sizes', (coordinator) => ({
    fetchCandles: (request, options) => coordinator.fetchCandles(request, options),
    feedback: ({ storeMs }) => {
      throw new RangeError(`${storeMs} ms`);
    },
  })),
  bug(
    'delivers the last thousand periods of more, and claims them all',
    'fetch/sizes',
    (coordinator) =>
      around(coordinator, async (fetch, request, options) => {
        const from = timeframeGrid(request.timeframe).shift(request.to, -1_000);
        const delivery = await fetch({ ...request, from: Math.max(from, request.from) }, options);
        const { asOf = request.to } = delivery;
        const to = Math.min(request.to, timeframeGrid(request.timeframe).floor(asOf));
        return { ...delivery, covers: { from: Math.min(request.from, to), to } };
      }),
  ),
  bug(
    'begins periods of three days a day late',
    'fetch/timeframes',
    onGrid('3d', 3 * DAY_MS, DAY_MS),
  ),
  bug(
    'says of an empty stretch that history begins next year',
    'fetch/quiet',
    (coordinator, clock) =>
      around(coordinator, async (fetch, request, options) => {
        const delivery = await fetch(request, options);
        if (candlesOf(delivery).length > 0) return delivery;
        const historyStart = timeframeGrid(request.timeframe).floor(clock.now() + 365 * DAY_MS);
        return { ...delivery, historyStart };
      }),
  ),
  bug(
    'tells our time of the answer of an exchange that is behind',
    'fetch/behind',
    (coordinator, clock) =>
      around(coordinator, async (fetch, request, options) => {
        const asOf = clock.now();
        return { ...(await fetch(request, options)), covers: undefined, asOf };
      }),
  ),
  bug(
    'says that nothing changes after its end, though the exchange is behind',
    'fetch/behind',
    (coordinator) => ({
      ...around(coordinator, async (fetch, request, options) => {
        return { ...(await fetch(request, options)), covers: undefined, asOf: undefined };
      }),
      settlingMs: 0,
    }),
  ),
  bug(
    'tells the time of its last page',
    'fetch/sizes',
    (coordinator, clock) =>
      around(coordinator, async (fetch, request, options) => {
        const delivery = await fetch(request, options);
        return { ...delivery, covers: undefined, asOf: clock.now() };
      }),
    { pageMs: 500, pageSize: 50 },
  ),
  bug('fills the array of its last delivery again', 'fetch/sizes', (coordinator) => {
    const all: Candle[] = [];
    return around(coordinator, async (fetch, request, options) => {
      const delivery = await fetch(request, options);
      all.splice(0, all.length, ...candlesOf(delivery));
      return { ...delivery, candles: all };
    });
  }),
  bug(
    'takes calls of two timeframes that end together for one',
    'model/truthful',
    (coordinator) => {
      const flights = new Map<string, ReturnType<Fetch>>();
      return around(coordinator, async (fetch, request, options) => {
        const text = `${request.symbol} ${request.to}`;
        const flight = flights.get(text) ?? fetch(request, options);
        flights.set(text, flight);
        try {
          return await flight;
        } finally {
          flights.delete(text);
        }
      });
    },
  ),
  bug(
    'rounds volumes to three digits',
    'fetch/timeframes',
    withCandles((candles) =>
      candles.map((it) => ({ ...it, volume: Math.round(it.volume * 1_000) / 1_000 })),
    ),
  ),
  bug('ends with ten periods without trades', 'fetch/quiet', (coordinator) =>
    around(coordinator, async (fetch, request, options) => {
      const grid = timeframeGrid(request.timeframe);
      const delivery = await fetch(request, options);
      const candles = candlesOf(delivery).toSorted((a, b) => b.timestamp - a.timestamp);
      const end = candles.findIndex(({ timestamp }, i) => {
        const later = candles[i - 1]?.timestamp ?? timestamp;
        return grid.indexOf(later) - grid.indexOf(timestamp) > 10;
      });
      return end < 0 ? delivery : { ...delivery, candles: candles.slice(0, end) };
    }),
  ),
  bug('delivers the latest page, whatever it was asked for', 'fetch/sizes', (coordinator, clock) =>
    around(coordinator, (fetch, request, options) => {
      const grid = timeframeGrid(request.timeframe);
      const to = grid.shift(clock.now());
      return Promise.resolve(fetch({ ...request, from: grid.shift(to, -100), to }, options)).then(
        ({ candles, asOf }) => ({ candles, asOf }),
      );
    }),
  ),
  bug('answers nobody after a call was given up', 'model/truthful', (coordinator) => {
    let isGivenUp = false;
    return around(coordinator, (fetch, request, options) => {
      options.signal?.addEventListener('abort', () => {
        isGivenUp = true;
      });
      if (isGivenUp) throw new Error('it was given up');
      return fetch(request, options);
    });
  }),
];

function bug(
  name: string,
  caughtBy: string,
  plant: PlantIn,
  options: MemoryCoordinatorOptions = {},
): PlantedCoordinatorBug {
  return { name, caughtBy: `coordinator/${caughtBy}`, plant, options };
}

function around(
  coordinator: IMarketDataCoordinator,
  call: (
    fetch: Fetch,
    request: CandleRequest,
    options: Options,
  ) => CandleDelivery | Promise<CandleDelivery>,
): IMarketDataCoordinator {
  const fetch: Fetch = (request, options) => coordinator.fetchCandles(request, options);
  return { fetchCandles: (request, options) => call(fetch, request, options) };
}

function delivering(
  change: (delivery: CandleDelivery, request: CandleRequest) => CandleDelivery,
): PlantIn {
  return (coordinator: IMarketDataCoordinator) =>
    around(coordinator, async (fetch, request, options) => {
      return change(await fetch(request, options), request);
    });
}

function withCandles(
  change: (candles: readonly Candle[], request: CandleRequest) => readonly Candle[],
): PlantIn {
  return delivering((delivery, request) => ({
    ...delivery,
    candles: change(candlesOf(delivery), request),
  }));
}

/** Counted from the end, as pages are. */
function dropEvery(pageSize: number): (candles: readonly Candle[]) => Candle[] {
  return (candles) => {
    const latestFirst = [...candles].sort((a, b) => b.timestamp - a.timestamp);
    return latestFirst.filter((_, i) => i % pageSize !== pageSize - 1);
  };
}

function onGrid(timeframe: string, periodMs: number, origin = 0): PlantIn {
  return withCandles((candles, request) => {
    if (request.timeframe !== timeframe) return candles;
    return candles.map((candle) => ({
      ...candle,
      timestamp: origin + Math.floor((candle.timestamp - origin) / periodMs) * periodMs,
    }));
  });
}

function fillGaps(candles: readonly Candle[], { from, to, timeframe }: CandleRequest): Candle[] {
  const byTime = new Map(candles.map((candle) => [candle.timestamp, candle]));
  const filled: Candle[] = [];
  for (let at = from; at < to; at = timeframeGrid(timeframe).shift(at)) {
    const flat = { timestamp: at, open: 1, high: 1, low: 1, close: 1, volume: 0 };
    filled.push(byTime.get(at) ?? flat);
  }
  return filled;
}

/** Rejects with something else. */
function failing(
  change: (error: Error & { readonly retryable: boolean }) => unknown,
): (coordinator: IMarketDataCoordinator, clock: Clock) => IMarketDataCoordinator {
  return (coordinator) =>
    around(coordinator, async (fetch, request, options) => {
      try {
        return await fetch(request, options);
      } catch (error) {
        throw change(error as Error & { readonly retryable: boolean });
      }
    });
}
