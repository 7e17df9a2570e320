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
      { name: 'p99', title: 'p99', unit: 'ms' },
      { name: 'max', title: 'max', unit: 'ms' },
      { name: 'wait', title: 'mean wait', unit: 'ms' },
    ],
    contenders: onDisk.peers.map((peer) => observed(peer, series)),
    expected: digestCandles(series),
    warmUp: false,
    goals: [
      {
        id: '',
        title: 'event loop delay at p99 while all candles are written and read',
        metric: 'p99',
        limit: { atMost: 10 },
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
          const { result, readings } = await observeDelay(async () => {
            await store.write([series]);
            return store.readAll(series.key);
          });
          return { readings, answer: digestCandles(result) };
        } finally {
          await store.close();
          await rm(fresh, { recursive: true, force: true });
        }
      },
      close: async () => {},
    }),
  };
}

/**
 * How long an event that comes at any instant waits on average. Percentiles count turns of the loop:
 * one turn of three seconds among a thousand short ones is not in their p99, and yet whatever came
 * in those three seconds waited.
 */
function meanWait({ mean, stddev }: { mean: number; stddev: number }): number {
  return (mean ** 2 + stddev ** 2) / (2 * mean);
}

function settle(): Promise<void> {
  return delay(10 * RESOLUTION_MS);
}

/** The delay includes the millisecond between two looks: an idle loop shows a little over 1 ms. */
async function observeDelay<T>(
  work: () => Promise<T>,
): Promise<{ result: T; readings: Record<'p99' | 'max' | 'wait', number> }> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  try {
    await settle();
    histogram.reset();
    // It counts from its first look after the reset, and sees a block at its first look after that.
    await settle();
    const result = await work();
    await settle();
    return {
      result,
      readings: {
        p99: histogram.percentile(99) / NS_PER_MS,
        max: histogram.max / NS_PER_MS,
        wait: meanWait(histogram) / NS_PER_MS,
      },
    };
  } finally {
    histogram.disable();
  }
}
