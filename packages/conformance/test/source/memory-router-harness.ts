import {
  BarkeepError,
  type Clock,
  type EpochMs,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type { LiveCandle } from '@barkeep/source';
import { MemoryRouter } from '@barkeep/source-memory';
import type { RouterExchange, RouterHarness, RouterUnderTest } from '../../src/source/index.ts';

/** Few, so that the scenarios about the bound are quick. */
const MAX_TRADES = 50;

/** Makes the router of a harness; bugs are planted here. */
export type MakeRouter = (options: {
  readonly clock: Clock;
  readonly maxTrades: number;
}) => MemoryRouter;

/** An exchange that begins with a snapshot, or one that does not. */
export type Beginning = 'snapshot' | 'next-period';

export function memoryRouterHarness(
  name: string,
  make: MakeRouter = (options) => new MemoryRouter(options),
  beginning: Beginning = 'snapshot',
): RouterHarness {
  return {
    name,
    create: ({ clock }) => underTest(make({ clock, maxTrades: MAX_TRADES }), clock, beginning),
  };
}

function periodsAround({ timeframe }: SeriesKey, at: EpochMs) {
  const grid = timeframeGrid(timeframe);
  return { floor: grid.floor(at), ceil: grid.ceil(at) };
}

function underTest(router: MemoryRouter, clock: Clock, beginning: Beginning): RouterUnderTest {
  return {
    router,
    maxTrades: MAX_TRADES,
    close: () => router.close(),
    exchange: exchangeOf(router, clock, beginning),
  };
}

/** A hand on the exchange that a router in memory does not have. */
export function exchangeOf(
  router: MemoryRouter,
  clock: Clock,
  beginning: Beginning = 'snapshot',
): RouterExchange {
  const watched = new Map<string, SeriesKey>();
  let cutAt: number | undefined;
  const begin = (key: SeriesKey, current: LiveCandle | undefined): void => {
    const { floor, ceil } = periodsAround(key, clock.now());
    router.promise(key, beginning === 'snapshot' ? floor : ceil);
    if (beginning === 'next-period') return;
    if (current !== undefined) router.send({ type: 'candle', live: current });
  };
  return {
    connect: (current) => {
      router.connect({ streams: [] });
      for (const [name, key] of watched) {
        begin(
          key,
          current.find((live) => seriesKeyText(live.key) === name),
        );
      }
    },
    watch: (key, current) => {
      if (watched.has(seriesKeyText(key))) return;
      watched.set(seriesKeyText(key), key);
      if (router.connection.status === 'connected') begin(key, current);
    },
    send: (events) => {
      for (const event of events) {
        try {
          router.send(event);
        } catch (error) {
          // What a router refuses is no error of the exchange that sends it.
          if (!BarkeepError.is(error, 'INVALID_INPUT')) throw error;
        }
      }
    },
    cut: () => {
      cutAt = clock.now();
    },
    notice: () => router.drop({ lastSeen: cutAt }),
    endStream: (key) => {
      watched.delete(seriesKeyText(key));
      router.endStream(key);
    },
  };
}
