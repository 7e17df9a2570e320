import { planScenarios } from '@barkeep/conformance';
import { realtimeSuite, runRealtimeConformance } from '@barkeep/conformance/realtime';
import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import type { IRealtimeCache, RealtimeCapabilities } from '@barkeep/realtime';
import { describe, expect, it } from 'vitest';
import { type PlantedRealtimeBug, referenceHarness, sharedHarness } from './plant-realtime-bug.ts';
import { PLANTED_REALTIME_BUGS } from './planted-realtime-bugs.ts';
import { SHARED_REALTIME_BUGS } from './shared-realtime-bugs.ts';
import { UNCOVERED_REALTIME_BUGS } from './uncovered-realtime-bugs.ts';

const ALL: readonly PlantedRealtimeBug[] = [
  ...PLANTED_REALTIME_BUGS,
  ...UNCOVERED_REALTIME_BUGS,
  ...SHARED_REALTIME_BUGS,
];

registerRealtimeConformance(referenceHarness());
registerRealtimeConformance(sharedHarness());

// At a time, because those that lose events are waited for.
describe('planted bugs', { concurrent: true }, () => {
  it.each(ALL)('an adapter that $name is caught by $caughtBy', async ({ harness, caughtBy }) => {
    const report = await runRealtimeConformance(harness, { only: [caughtBy] });
    expect(report.failed.map(({ key }) => key)).toEqual([caughtBy]);
  });

  it('are many, and different', () => {
    expect(ALL.length).toBeGreaterThanOrEqual(110);
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
  });
});

describe('the realtime suite', () => {
  it('has a stable key for each scenario', () => {
    const keys = realtimeSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^realtime\/[a-z-]+\/[a-zA-Z-]+$/);
  });

  it('has more scenarios for each capability, so that none is lost unseen', () => {
    const least: RealtimeCapabilities = {
      sharing: 'process',
      platforms: ['node'],
      maxTradesPerSymbol: 1e9,
    };
    const count = (capabilities: Partial<RealtimeCapabilities>) =>
      planScenarios<IRealtimeCache>(realtimeSuite.scenarios, { ...least, ...capabilities }).planned
        .length;
    expect({
      least: count({}),
      bounded: count({ maxTradesPerSymbol: 60 }),
      shared: count({ sharing: 'multi-process' }),
    }).toMatchInlineSnapshot(`
      {
        "bounded": 40,
        "least": 39,
        "shared": 42,
      }
    `);
  });
});
