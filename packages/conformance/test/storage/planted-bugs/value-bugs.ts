import { type Candle, CandleSeries, invalidInput } from '@barkeep/core';
import type { BatchOutcome, CandleBatch, CheckedBatch, CoverageEntry } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { ReferenceStorage } from './reference-storage.ts';

export const valueBugs: readonly PlantedStorageBug[] = [
  storingValuesAs('rounds to fifteen digits', 'model/commands', (value) =>
    Number(value.toPrecision(15)),
  ),
  storingValuesAs('flushes subnormals to zero', 'model/commands', (value) =>
    Math.abs(value) < 2.3e-308 ? 0 : value,
  ),
  storingValuesAs('keeps eight decimals', 'model/commands', (value) =>
    Math.abs(value) < 1e12 ? Math.round(value * 1e8) / 1e8 : value,
  ),
  storingValuesAs('keeps absolute values', 'model/commands', (value) => Math.abs(value)),
  plantBug(
    'keeps times in 32-bit seconds',
    'model/commands',
    class extends ReferenceStorage {
      protected override candlesOf(...[key]: Parameters<ReferenceStorage['candlesOf']>): Candle[] {
        return super.candlesOf(key).map((candle) => ({
          ...candle,
          timestamp: ((candle.timestamp / 1_000) | 0) * 1_000,
        }));
      }
    },
  ),
  plantBug(
    'orders times by their distance from 1970',
    'sizes/long-ago',
    class extends ReferenceStorage {
      protected override candlesOf(...[key]: Parameters<ReferenceStorage['candlesOf']>): Candle[] {
        const distance = ({ timestamp }: Candle): number => Math.abs(timestamp);
        return super.candlesOf(key).sort((a, b) => distance(a) - distance(b));
      }
    },
  ),
  plantBug(
    'refuses times before 1970',
    'sizes/long-ago',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        if (batch.series.firstTimestamp >= 0) return super.store(batch);
        throw invalidInput({ field: 'timestamp', rule: 'must not be negative' });
      }
    },
  ),
  plantBug(
    'covers nothing before 1970',
    'sizes/long-ago',
    class extends ReferenceStorage {
      protected override cover(
        ...[ledger, entry]: Parameters<ReferenceStorage['cover']>
      ): CoverageEntry[] {
        return entry.to <= 0 ? [...ledger] : super.cover(ledger, entry);
      }
    },
  ),
  acceptingCandles('takes minus zero for zero', 'input/candles', (candle) => ({
    ...candle,
    volume: candle.volume + 0,
  })),
  acceptingCandles('takes nan for zero', 'input/candles', (candle) => ({
    ...candle,
    volume: candle.volume || 0,
  })),
  acceptingCandles('swaps high and low', 'input/candles', (candle) => ({
    ...candle,
    high: Math.max(candle.high, candle.low),
    low: Math.min(candle.high, candle.low),
  })),
  acceptingCandles('takes numbers in text', 'input/candles', (candle) => ({
    ...candle,
    close: Number(candle.close),
  })),
  acceptingCandles('guesses seconds', 'input/candles', (candle) => ({
    ...candle,
    timestamp: candle.timestamp < 1e10 ? candle.timestamp * 1_000 : candle.timestamp,
  })),
  acceptingCandles('aligns times by itself', 'input/candles', (candle) => ({
    ...candle,
    timestamp: Math.floor(candle.timestamp / 60_000) * 60_000,
  })),
  acceptingCandles('skips what is no candle', 'input/candles', (candle) =>
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
  return candles instanceof CandleSeries ? candles.toArray() : [];
}
