import { describe, expect, it } from 'vitest';
import { coordinatorSuite, runCoordinatorConformance } from '../../src/source/index.ts';
import { registerCoordinatorConformance } from '../../src/source/vitest.ts';
import { memoryCoordinatorHarness } from './memory-coordinator-harness.ts';
import { PLANTED_COORDINATOR_BUGS } from './planted-coordinator-bugs.ts';

registerCoordinatorConformance(memoryCoordinatorHarness('memory coordinator'));
registerCoordinatorConformance(
  memoryCoordinatorHarness('memory coordinator of parts', { pageSize: 50, pagesPerCall: 1 }),
);
registerCoordinatorConformance(
  memoryCoordinatorHarness('slow memory coordinator', { pageMs: 500 }),
);

describe('planted bugs', () => {
  it.each(PLANTED_COORDINATOR_BUGS)(
    'a coordinator that $name is caught by $caughtBy',
    async ({ name, caughtBy, options, plant }) => {
      const harness = memoryCoordinatorHarness(name, options, plant);
      const report = await runCoordinatorConformance(harness, { only: [caughtBy] });
      expect(report.passed).toEqual([]);
      expect(report.failed.map(({ key }) => key)).toEqual([caughtBy]);
    },
  );

  it('are many, and different', () => {
    expect(PLANTED_COORDINATOR_BUGS.length).toBeGreaterThanOrEqual(20);
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
        return { ...underTest, failures: undefined, hang: undefined };
      },
    });
    expect(report.failed).toEqual([]);
    expect(report.skipped.map(({ key }) => key)).toEqual([
      ...['1s', '3m', '10m', '15m', '30m', '4h', '1y'].map((it) => `coordinator/timeframe/${it}`),
      'coordinator/abort/hanging',
      'coordinator/failure/rateLimit',
      'coordinator/failure/rateLimit-half-way',
      'coordinator/failure/outage',
      'coordinator/failure/outage-half-way',
      'coordinator/failure/refusal',
      'coordinator/failure/refusal-half-way',
    ]);
    expect(report.passed.length + report.skipped.length).toBe(coordinatorSuite.scenarios.length);
  });
});
