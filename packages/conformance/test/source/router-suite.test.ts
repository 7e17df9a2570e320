import { describe, expect, it } from 'vitest';
import { routerSuite, runRouterConformance } from '../../src/source/index.ts';
import { registerRouterConformance } from '../../src/source/vitest.ts';
import { isAboutAPromise } from './is-about-a-promise.ts';
import { memoryRouterHarness } from './memory-router-harness.ts';
import { PLANTED_ROUTER_BUGS } from './planted-router-bugs.ts';

/** Repeats the runs that catch each bug. */
const SEED = { seed: 2026 };

registerRouterConformance(memoryRouterHarness('memory router'));
registerRouterConformance(
  memoryRouterHarness('memory router without snapshots', undefined, 'next-period'),
);

describe('planted bugs', () => {
  it.each(PLANTED_ROUTER_BUGS)(
    'a router that $name is caught by $caughtBy',
    async ({ name, caughtBy, router: Router, beginning }) => {
      const harness = memoryRouterHarness(name, (options) => new Router(options), beginning);
      const report = await runRouterConformance({ ...harness, model: SEED }, { only: [caughtBy] });
      expect(report.passed).toEqual([]);
      expect(report.failed.map(({ key }) => key)).toEqual([caughtBy]);
      expect(report.failed[0]?.error).toSatisfy(isAboutAPromise);
    },
  );

  it('are many, and different', () => {
    expect(PLANTED_ROUTER_BUGS.length).toBeGreaterThanOrEqual(60);
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

  it('needs no exchange that ends streams', async () => {
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
    expect(report.skipped).toEqual([]);
  });

  it('shows the values of a counterexample', async () => {
    const [bug] = PLANTED_ROUTER_BUGS;
    const Router = bug?.router ?? expect.unreachable();
    const harness = memoryRouterHarness('wrong', (options) => new Router(options));
    const { failed } = await runRouterConformance(harness, {
      only: ['router/model/promises-kept'],
    });
    expect(String(failed[0]?.error)).toMatch(
      /\{ does: "tell", what: "ticker", symbol: ".+", numbers: \[/,
    );
  });

  it('refuses a harness that gives two contexts one router', async () => {
    const harness = memoryRouterHarness('shared');
    let made: ReturnType<typeof harness.create> | undefined;
    const shared: typeof harness = {
      ...harness,
      create: (context) => {
        made ??= harness.create(context);
        return made;
      },
    };
    await expect(runRouterConformance(shared)).rejects.toThrow('gives two contexts the same data');
  });
});
