import type { IRealtimeCache } from '@barkeep/realtime';
import { describe, expect, it } from 'vitest';
import {
  type HarnessContext,
  type KeptPlace,
  realtimeSuite,
  runRealtimeConformance,
} from '../../src/realtime/index.ts';
import { registerRealtimeConformance } from '../../src/realtime/vitest.ts';
import { PLANTED_REALTIME_BUGS } from './planted-realtime-bugs.ts';
import { ReferenceRealtime } from './reference-realtime.ts';

const damages = {
  'a foreign value': (place: KeptPlace, _: HarnessContext, subject: IRealtimeCache) => {
    if (subject instanceof ReferenceRealtime) subject.damage(place);
  },
};

registerRealtimeConformance({
  name: 'reference-realtime',
  create: async ({ clock }) => new ReferenceRealtime(clock),
  damages,
});

describe('planted bugs', () => {
  it.each(PLANTED_REALTIME_BUGS)(
    'an adapter that $name is caught by $caughtBy',
    async (planted) => {
      const report = await runRealtimeConformance(
        { name: planted.name, create: async ({ clock }) => planted.create(clock), damages },
        { only: [planted.caughtBy] },
      );
      expect(report.passed).toEqual([]);
      expect(report.failed.map(({ key }) => key)).toEqual([planted.caughtBy]);
    },
  );

  it('are many, and different', () => {
    expect(PLANTED_REALTIME_BUGS.length).toBeGreaterThanOrEqual(20);
    expect(new Set(PLANTED_REALTIME_BUGS.map(({ name }) => name)).size).toBe(
      PLANTED_REALTIME_BUGS.length,
    );
  });
});

describe('the suite', () => {
  it('has a stable key for each scenario', () => {
    const keys = realtimeSuite.scenarios.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^realtime\/[a-zA-Z-]+\/\S+$/);
  });

  it('says why it skips what a realtime cache does not declare', async () => {
    const report = await runRealtimeConformance({
      name: 'unbounded',
      create: async ({ clock }) =>
        new ReferenceRealtime(clock, { maxSymbols: undefined, maxTradesPerSymbol: 1e9 }),
      model: { runs: 10 },
    });
    expect(report.failed).toEqual([]);
    expect(report.skipped.map(({ key }) => key)).toEqual([
      'realtime/orderBooks/bounded-depth',
      'realtime/trades/bound',
      'realtime/trades/bound-one-call',
      'realtime/trades/bound-newest-first',
      'realtime/trades/bound-page-by-page-back',
      'realtime/trades/bound-shuffled',
      'realtime/trades/older-than-all',
      'realtime/trades/far-ahead-give-way',
      'realtime/replay/gap-by-bound',
      'realtime/replay/gap-by-refusal',
      'realtime/damage/tickers',
      'realtime/damage/orderBooks',
      'realtime/damage/trades',
      'realtime/bounds/tickers-symbols',
      'realtime/bounds/orderBooks-symbols',
      'realtime/bounds/trades-symbols',
    ]);
    expect(report.passed.length + report.skipped.length).toBe(realtimeSuite.scenarios.length);
  });
});
