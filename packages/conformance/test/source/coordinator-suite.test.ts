import { timeframeGrid } from '@barkeep/core';
import type { IMarketDataCoordinator } from '@barkeep/source';
import type { MemoryCoordinator } from '@barkeep/source-memory';
import { describe, expect, it } from 'vitest';
import { coordinatorSuite, runCoordinatorConformance } from '../../src/source/index.ts';
import { registerCoordinatorConformance } from '../../src/source/vitest.ts';
import { candlesOf } from './candles-of.ts';
import { isAboutAPromise } from './is-about-a-promise.ts';
import { memoryCoordinatorHarness } from './memory-coordinator-harness.ts';
import { PLANTED_COORDINATOR_BUGS } from './planted-coordinator-bugs.ts';

/** Repeats the runs that catch each bug. */
const SEED = { seed: 2026, shrinkMs: 0 };

registerCoordinatorConformance(memoryCoordinatorHarness('memory coordinator'));
registerCoordinatorConformance(
  memoryCoordinatorHarness('memory coordinator of parts', { pageSize: 50, pagesPerCall: 1 }),
);
registerCoordinatorConformance(
  memoryCoordinatorHarness('slow memory coordinator', { pageMs: 500 }),
);
registerCoordinatorConformance(
  memoryCoordinatorHarness('memory coordinator that tells no time', { tellsTime: false }),
);
registerCoordinatorConformance(
  memoryCoordinatorHarness('memory coordinator that delivers fragments beside', {}, withFragments),
);

describe('planted bugs', () => {
  it.each(PLANTED_COORDINATOR_BUGS)(
    'a coordinator that $name is caught by $caughtBy',
    async ({ name, caughtBy, options, plant }) => {
      const harness = memoryCoordinatorHarness(name, options, plant);
      const report = await runCoordinatorConformance(
        { ...harness, model: SEED },
        { only: [caughtBy] },
      );
      expect(report.passed).toEqual([]);
      expect(report.failed.map(({ key }) => key)).toEqual([caughtBy]);
      expect(report.failed[0]?.error).toSatisfy(isAboutAPromise);
    },
  );

  it('are many, and different', () => {
    expect(PLANTED_COORDINATOR_BUGS.length).toBeGreaterThanOrEqual(45);
    expect(new Set(PLANTED_COORDINATOR_BUGS.map(({ name }) => name)).size).toBe(
      PLANTED_COORDINATOR_BUGS.length,
    );
  });
});

describe('the suite', () => {
  it('has a stable key for each scenario', () => {
    const keys = coordinatorSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^coordinator\/[a-zA-Z-]+\/\S+$/);
  });

  it('says why it skips what a harness does not have', async () => {
    const harness = memoryCoordinatorHarness('plain');
    const report = await runCoordinatorConformance({
      ...harness,
      create: async (context) => {
        const underTest = await harness.create(context);
        return { ...underTest, failures: undefined, hang: undefined, lag: undefined };
      },
    });
    expect(report.failed).toEqual([]);
    expect(report.skipped.map(({ key }) => key)).toEqual([
      'coordinator/fetch/behind',
      'coordinator/abort/hanging',
      'coordinator/failure/rateLimit',
      'coordinator/failure/outage',
      'coordinator/failure/refusal',
    ]);
    expect(report.passed.length + report.skipped.length).toBe(coordinatorSuite.scenarios.length);
  });
});

/** Beside the candles that were asked for, something of the period before: welcome, and not claimed. */
function withFragments(coordinator: MemoryCoordinator): IMarketDataCoordinator {
  return {
    fetchCandles: async (request, options) => {
      const { covers = request, ...delivery } = await coordinator.fetchCandles(request, options);
      const [first, ...others] = candlesOf(delivery);
      if (first === undefined) return { ...delivery, covers };
      const timestamp = timeframeGrid(request.timeframe).shift(request.from, -1);
      const candles = [{ ...first, timestamp, volume: 0 }, first, ...others];
      return { ...delivery, candles, covers, historyStart: undefined };
    },
  };
}
