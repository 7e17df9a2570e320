import { OperationStatistics } from '@barkeep/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callsSince } from '../src/monitoring/calls-since.ts';

const calls = fc.array(
  fc.tuple(fc.constantFrom('read', 'write', 'other'), fc.double({ min: 0, max: 1e6, noNaN: true })),
);

it('gives the calls between two looks, as if nothing had been called before', () => {
  fc.assert(
    fc.property(calls, calls, (before, after) => {
      const [all, alone] = [new OperationStatistics(), new OperationStatistics()];
      for (const [name, ms] of before) all.record(name, ms);
      const then = all.summary();
      for (const [name, ms] of after) {
        all.record(name, ms);
        if (name !== 'other') alone.record('any', ms);
      }
      expect(callsSince(['read', 'write'], all.summary(), then)).toEqual(
        alone.summary()['any']?.histogram ?? [],
      );
    }),
  );
});
