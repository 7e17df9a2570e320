import { CandleSeries } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandleChunks } from '../src/candle-chunks.ts';
import { CandleDraft } from '../src/candle-draft.ts';
import { candleAt, KEY, minutes, seriesOf } from './sample-series.ts';

/** Runs steps to their end, and counts them. */
function run<T>(steps: Generator<void, T, void>): { readonly value: T; readonly count: number } {
  for (let count = 0; ; count += 1) {
    const step = steps.next();
    if (step.done) return { value: step.value, count };
  }
}

const batch = fc.oneof(
  fc.array(fc.tuple(fc.nat(3_000), fc.constantFrom(1, 2)), { maxLength: 5 }),
  fc
    .tuple(fc.nat(3_000), fc.integer({ min: 1, max: 600 }))
    .map(([start, length]) => Array.from({ length }, (_, i): [number, number] => [start + i, 1])),
);

describe('CandleDraft', () => {
  it('counts and holds what batch after batch would, written each by itself', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 12 }), (batches) => {
        let chunks = run(
          new CandleChunks(KEY).write(seriesOf(minutes(0, 2_000).filter((i) => i % 3 === 0))),
        ).value.candles;
        const draft = new CandleDraft(KEY, chunks);
        for (const list of batches) {
          const series = CandleSeries.from(
            KEY,
            list.map(([minute, volume]) => ({ ...candleAt(minute), volume })),
          );
          const { candles, ...outcome } = run(chunks.write(series)).value;
          expect(run(draft.write(series)).value).toEqual(outcome);
          chunks = candles;
        }
        const [kept, expected] = [run(draft.finish()).value.chunks, chunks.chunks];
        expect(CandleSeries.concat(KEY, kept).equals(CandleSeries.concat(KEY, expected))).toBe(
          true,
        );
      }),
      { numRuns: 50 },
    );
  });
});
