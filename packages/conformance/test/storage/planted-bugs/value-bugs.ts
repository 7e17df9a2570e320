import { type Candle, CandleSeries } from '@barkeep/core';
import type { BatchOutcome, CandleBatch, CheckedBatch } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { ReferenceStorage } from './reference-storage.ts';

export const valueBugs: readonly PlantedStorageBug[] = [
  storingValuesAs('rounds to fifteen digits', 'values/seventeen-digits', (value) =>
    Number(value.toPrecision(15)),
  ),
  storingValuesAs('flushes subnormals to zero', 'values/subnormal', (value) =>
    Math.abs(value) < 2.3e-308 ? 0 : value,
  ),
  storingValuesAs('keeps eight decimals', 'values/eleven-decimals', (value) =>
    Math.abs(value) < 1e12 ? Math.round(value * 1e8) / 1e8 : value,
  ),
  storingValuesAs('keeps absolute values', 'values/negative-prices', (value) => Math.abs(value)),
  plantBug(
    'keeps times in 32-bit seconds',
    'values/first-and-last-instant',
    class extends ReferenceStorage {
      protected override candlesOf(...[key]: Parameters<ReferenceStorage['candlesOf']>): Candle[] {
        return super.candlesOf(key).map((candle) => ({
          ...candle,
          timestamp: ((candle.timestamp / 1_000) | 0) * 1_000,
        }));
      }
    },
  ),
  acceptingCandles('takes minus zero for zero', 'invalid/minus-zero', (candle) => ({
    ...candle,
    volume: candle.volume + 0,
  })),
  acceptingCandles('takes nan for zero', 'invalid/nan', (candle) => ({
    ...candle,
    volume: candle.volume || 0,
  })),
  acceptingCandles('swaps high and low', 'invalid/prices', (candle) => ({
    ...candle,
    high: Math.max(candle.high, candle.low),
    low: Math.min(candle.high, candle.low),
  })),
  acceptingCandles('takes numbers in text', 'invalid/text', (candle) => ({
    ...candle,
    close: Number(candle.close),
  })),
  acceptingCandles('guesses seconds', 'invalid/time-unit', (candle) => ({
    ...candle,
    timestamp: candle.timestamp < 1e10 ? candle.timestamp * 1_000 : candle.timestamp,
  })),
  acceptingCandles('aligns times by itself', 'invalid/unaligned-time', (candle) => ({
    ...candle,
    timestamp: Math.floor(candle.timestamp / 60_000) * 60_000,
  })),
  acceptingCandles('skips what is no candle', 'invalid/candle', (candle) =>
    candle === null || typeof candle !== 'object' ? undefined : candle,
  ),
];

/** Stores other numbers than it was given. */
function storingValuesAs(
  name: string,
  caughtBy: string,
  stored: (value: number) => number,
): PlantedStorageBug {
  return plantBug(
    name,
    caughtBy,
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const candles = batch.series.toArray().map(({ timestamp, ...values }) => {
          const { open, high, low, close, volume } = values;
          const prices = [open, high, low, close].map(stored);
          const [newOpen = 0, , , newClose = 0] = prices;
          return {
            timestamp,
            open: newOpen,
            high: Math.max(...prices),
            low: Math.min(...prices),
            close: newClose,
            volume: stored(volume),
          };
        });
        return super.store({ ...batch, series: CandleSeries.from(batch.key, candles) });
      }
    },
  );
}

/** Mends what it should refuse; `undefined` leaves a candle out. */
function acceptingCandles(
  name: string,
  caughtBy: string,
  mend: (candle: Candle) => Candle | undefined,
): PlantedStorageBug {
  return plantBugOutside(name, caughtBy, ({ candles }) => ({
    candles: {
      ...candles,
      write: (input, options) => {
        const mended = (batch: CandleBatch): CandleBatch => ({
          ...batch,
          candles: candlesOf(batch)
            .map(mend)
            .filter((candle) => candle !== undefined),
        });
        return candles.write('key' in input ? mended(input) : input.map(mended), options);
      },
    },
  }));
}

/** Also of a series with values that break rules. */
function candlesOf({ candles }: CandleBatch): readonly Candle[] {
  if (Array.isArray(candles)) return candles;
  return 'toArray' in candles ? candles.toArray() : [];
}
