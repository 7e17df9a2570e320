import { describe, expect, it } from 'vitest';
import { routerSuite, runRouterConformance } from '../../src/source/index.ts';
import { registerRouterConformance } from '../../src/source/vitest.ts';
import { memoryRouterHarness } from './memory-router-harness.ts';
import { PLANTED_ROUTER_BUGS } from './planted-router-bugs.ts';

registerRouterConformance(memoryRouterHarness('memory router'));
registerRouterConformance(
  memoryRouterHarness('memory router without snapshots', undefined, 'next-period'),
);

describe('planted bugs', () => {
  it.each(PLANTED_ROUTER_BUGS)(
    'a router that $name is caught by $caughtBy',
    async ({ name, caughtBy, router: Router, beginning }) => {
      const harness = memoryRouterHarness(name, (options) => new Router(options), beginning);
      const report = await runRouterConformance(harness, { only: [caughtBy] });
      expect(report.passed).toEqual([]);
      expect(report.failed.map(({ key }) => key)).toEqual([caughtBy]);
      expect(report.failed[0]?.error).toSatisfy(isAboutAPromise);
    },
  );

  it('are many, and different', () => {
    expect(PLANTED_ROUTER_BUGS.length).toBeGreaterThanOrEqual(20);
    expect(new Set(PLANTED_ROUTER_BUGS.map(({ name }) => name)).size).toBe(
      PLANTED_ROUTER_BUGS.length,
    );
  });
});

describe('the suite', () => {
  it('has a stable key for each scenario', () => {
    const keys = routerSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^router\/[a-zA-Z-]+\/\S+$/);
  });

  it('skips the end of a stream where an exchange never ends one', async () => {
    const harness = memoryRouterHarness('endless');
    const report = await runRouterConformance({
      ...harness,
      create: async (context) => {
        const underTest = await harness.create(context);
        return { ...underTest, exchange: { ...underTest.exchange, endStream: undefined } };
      },
      model: { runs: 10 },
    });
    expect(report.failed).toEqual([]);
    expect(report.skipped.map(({ key }) => key)).toEqual(['router/streams/ended']);
  });
});

/** A bug that makes the suite itself stumble proves nothing. */
function isAboutAPromise(error: unknown): boolean {
  const { name } = ((error as Error).cause ?? error) as Error;
  return name === 'ConformanceError' || name === 'BarkeepError';
}
