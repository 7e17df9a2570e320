import { CandleSeries } from '@barkeep/core';
import type { BatchOutcome, CheckedBatch } from '@barkeep/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packBatches, packOutcomes, unpackBatches, unpackOutcomes } from '../src/packed-batches.ts';
import { BTC, candle, MINUTE } from './test-database.ts';

function run<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const time = fc.integer({ min: -1_000, max: 1_000 }).map((i) => i * MINUTE);
const interval = fc.record({ from: time, to: time });
const batch: fc.Arbitrary<CheckedBatch> = fc
  .record({
    symbol: fc.constantFrom('KRW-BTC', 'KRW-ETH', 'upbit:A:B', '價'),
    minutes: fc.uniqueArray(fc.nat(50), { maxLength: 6 }),
    covers: fc.array(interval, { maxLength: 3 }),
    source: fc.string({ minLength: 1 }),
    collectedAt: time,
    replaces: fc.constantFrom('all' as const, 'uncovered' as const),
  })
  .map(({ symbol, minutes, ...rest }) => {
    const key = { ...BTC, symbol };
    const series = CandleSeries.from(
      key,
      minutes.map((i) => candle(i * MINUTE, i + 1)),
    );
    return { key, series, ...rest };
  });

it('packs batches that come out as they went in, over a thread as well', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), (batches) => {
      const unpacked = unpackBatches(structuredClone(run(packBatches(batches))));
      expect(unpacked).toEqual(
        batches.map(({ series, ...rest }) => {
          const { timestamp, open, high, low, close, volume } = series;
          return { ...rest, columns: { timestamp, open, high, low, close, volume } };
        }),
      );
    }),
  );
});

it('packs outcomes that come out as they went in', () => {
  const outcomes: BatchOutcome[] = [
    { inserted: 3, updated: 2, unchanged: 1, changed: { from: -60_000, to: 120_000 } },
    { inserted: 0, updated: 0, unchanged: 9, changed: undefined },
  ];
  expect(run(unpackOutcomes(packOutcomes(outcomes)))).toEqual(outcomes);
});
