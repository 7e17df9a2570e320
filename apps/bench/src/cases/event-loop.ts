import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { CandleSeries } from '@barkeep/core';
import type { BenchCase, Contender, Trial } from '../bench-case.ts';
import { digestCandles } from '../candles/candle-digest.ts';
import { onDisk } from '../candles/candle-matches.ts';
import type { CandlePeer } from '../candles/candle-peer.ts';
import { formatCount } from '../report/format.ts';

const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

/** How long everything else in the process waits while all candles are written and read. */
export const eventLoopCase: BenchCase = {
  name: 'event-loop',
  about: 'delay of the main thread while all candles are written and read, on disk',
  plan: ({ series }) => ({
    title: `event loop delay while ${formatCount(series.length)} candles are written and read ${onDisk.title}`,
    metrics: [
      { name: 'p99', title: 'p99' },
      { name: 'max', title: 'max' },
    ],
    contenders: onDisk.peers.map((peer) => observed(peer, series)),
    expected: digestCandles(series),
    warmUp: false,
    goals: [
      {
        id: '',
        title: 'event loop delay at p99 while all candles are written and read',
        metric: 'p99',
        limit: { ms: 10 },
      },
    ],
  }),
};

function observed(peer: CandlePeer, series: CandleSeries): Contender {
  return {
    name: peer.name,
    description: peer.description,
    libraries: peer.libraries,
    prepare: async (directory): Promise<Trial> => ({
      sample: async () => {
        const fresh = join(directory, 'fresh');
        await mkdir(fresh);
        const store = await peer.open(fresh);
        try {
          const { result, p99, max } = await observeDelay(async () => {
            await store.write(series);
            return store.readAll(series.key);
          });
          return { readings: { p99, max }, answer: digestCandles(result) };
        } finally {
          await store.close();
          await rm(fresh, { recursive: true, force: true });
        }
      },
      close: async () => {},
    }),
  };
}

/** The delay includes the millisecond between two looks: an idle loop shows a little over 1 ms. */
async function observeDelay<T>(
  work: () => Promise<T>,
): Promise<{ result: T; p99: number; max: number }> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  try {
    // The monitor sees a blocked loop only between two of its own timers.
    await delay(10 * RESOLUTION_MS);
    histogram.reset();
    const result = await work();
    await delay(2 * RESOLUTION_MS);
    return {
      result,
      p99: histogram.percentile(99) / NS_PER_MS,
      max: histogram.max / NS_PER_MS,
    };
  } finally {
    histogram.disable();
  }
}
