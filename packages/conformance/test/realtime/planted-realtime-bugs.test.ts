import { planScenarios } from '@barkeep/conformance';
import { realtimeSuite, runRealtimeConformance } from '@barkeep/conformance/realtime';
import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import type { IRealtimeCache, RealtimeCapabilities } from '@barkeep/realtime';
import { describe, expect, it } from 'vitest';
import { everySecond } from '../../../../tools/test-budget.ts';
import { type PlantedRealtimeBug, referenceHarness, sharedHarness } from './plant-realtime-bug.ts';
import { PLANTED_REALTIME_BUGS } from './planted-realtime-bugs.ts';
import { SHARED_REALTIME_BUGS } from './shared-realtime-bugs.ts';
import { UNCOVERED_REALTIME_BUGS } from './uncovered-realtime-bugs.ts';

const ALONE: readonly PlantedRealtimeBug[] = [...PLANTED_REALTIME_BUGS, ...UNCOVERED_REALTIME_BUGS];

registerRealtimeConformance(referenceHarness());
registerRealtimeConformance(sharedHarness());

describe('planted bugs', () => {
  it.each(everySecond(ALONE))('an adapter that $name is caught by $caughtBy', expectCaught);

  it('are many, and different', () => {
    const names = [...ALONE, ...SHARED_REALTIME_BUGS].map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(115);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('planted bugs of sharing', () => {
  it.each(everySecond(SHARED_REALTIME_BUGS))(
    'an adapter that $name is caught by $caughtBy',
    expectCaught,
  );
});

async function expectCaught({ harness, caughtBy }: PlantedRealtimeBug): Promise<void> {
  // Events that are lost are waited for.
  const impatient = { ...harness, arrivalMs: 1_000 };
  const report = await runRealtimeConformance(impatient, { only: [caughtBy] });
  expect(report.failed.map(({ key }) => key)).toEqual([caughtBy]);
}

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
        "bounded": 22,
        "least": 22,
        "shared": 25,
      }
    `);
  });
});
