import { type Candle, CandleSeries, nextTurn, type SeriesKey } from '@barkeep/core';
import type { BatchOutcome, CandleBatch, CheckedBatch } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { type ReferenceSeries, ReferenceStorage } from './reference-storage.ts';

export const writeBugs: readonly PlantedStorageBug[] = [
  plantBug(
    'drops the last candle',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        return super.store({ ...batch, series: batch.series.slice(0, -1) });
      }
    },
  ),
  plantBug(
    'drops the last write',
    'model/reopen',
    class extends ReferenceStorage {
      protected override async _close(): Promise<void> {
        for (const { candles } of this.data.series.values()) {
          candles.delete(Math.max(...candles.keys()));
        }
      }
    },
  ),
  plantBug(
    'duplicates after reopen',
    'model/reopen',
    class extends ReferenceStorage {
      readonly #known = new Set<ReferenceSeries>();

      protected override effectOf(
        series: ReferenceSeries,
        candle: Candle,
      ): 'inserted' | 'updated' | 'unchanged' {
        if (series.candles.size === 0) this.#known.add(series);
        return this.#known.has(series) ? super.effectOf(series, candle) : 'inserted';
      }
    },
  ),
  plantBug(
    'keeps the first write',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const before = new Map(this.seriesOf(batch.key).candles);
        const outcome = super.store(batch);
        for (const candle of before.values()) {
          this.seriesOf(batch.key).candles.set(candle.timestamp, candle);
        }
        return outcome;
      }
    },
  ),
  plantBug(
    'compares closes only',
    'model/commands',
    class extends ReferenceStorage {
      protected override effectOf(
        { candles }: ReferenceSeries,
        candle: Candle,
      ): 'inserted' | 'updated' | 'unchanged' {
        const before = candles.get(candle.timestamp);
        if (before === undefined) return 'inserted';
        return before.close === candle.close ? 'unchanged' : 'updated';
      }
    },
  ),
  plantBug(
    'counts updates as inserts',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const { inserted, updated, ...rest } = super.store(batch);
        return { ...rest, inserted: inserted + updated, updated: 0 };
      }
    },
  ),
  plantBug(
    'rewrites what is the same',
    'model/commands',
    class extends ReferenceStorage {
      protected override effectOf({ candles }: ReferenceSeries, candle: Candle) {
        return candles.has(candle.timestamp) ? ('updated' as const) : ('inserted' as const);
      }
    },
  ),
  plantBug(
    'takes the key of the first batch',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        const [first] = batches;
        return batches.map((batch) => this.store({ ...batch, key: first?.key ?? batch.key }));
      }
    },
  ),
  plantBug(
    'writes the last batch first',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        return (await super._write(batches.toReversed())).reverse();
      }
    },
  ),
  plantBug(
    'stops at the limit of a statement',
    'sizes/large',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        return super.store({ ...batch, series: batch.series.slice(0, 32_766) });
      }
    },
  ),
  plantBug(
    'shows a write before it is whole',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        const halves = batches.map(({ series }) => series.slice(0, series.length >> 1));
        for (const [i, series] of halves.entries()) {
          const batch = batches[i];
          if (batch !== undefined) this.store({ ...batch, series });
        }
        await nextTurn();
        return super._write(batches);
      }
    },
  ),
  plantBug(
    'loses updates of others',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        const before = batches.map(({ key }) => new Map(this.seriesOf(key).candles));
        await nextTurn();
        for (const [i, { key }] of batches.entries()) {
          const { candles } = this.seriesOf(key);
          candles.clear();
          for (const [timestamp, candle] of before[i] ?? []) candles.set(timestamp, candle);
        }
        return super._write(batches);
      }
    },
  ),
  plantBugOutside('writes batch by batch', 'model/commands', ({ candles }) => ({
    candles: {
      ...candles,
      write: async (input, options) => {
        const total = { inserted: 0, updated: 0, unchanged: 0 };
        for (const [i, batch] of listOf(input).entries()) {
          const result = await candles.write([...emptyBatches(i), batch], options);
          total.inserted += result.inserted;
          total.updated += result.updated;
          total.unchanged += result.unchanged;
        }
        return total;
      },
    },
  })),
  plantBugOutside('sorts the input in place', 'input/untouched', ({ candles }) => ({
    candles: {
      ...candles,
      write: (input, options) => {
        for (const batch of listOf(input)) {
          if (Array.isArray(batch.candles)) batch.candles.sort(byTime);
        }
        return candles.write(input, options);
      },
    },
  })),
  plantBugOutside('transfers the input away', 'input/untouched', ({ candles }) => ({
    candles: {
      ...candles,
      write: async (input, options) => {
        const result = await candles.write(input, options);
        for (const { candles: written } of listOf(input)) {
          if (written instanceof CandleSeries)
            structuredClone(null, { transfer: buffersOf(written) });
        }
        return result;
      },
    },
  })),
  plantBugOutside('takes the key of the series', 'model/commands', ({ candles }) => ({
    candles: {
      ...candles,
      write: (input, options) =>
        candles.write(
          listOf(input).map((batch) => ({ ...batch, key: keyOf(batch) })),
          options,
        ),
    },
  })),
];

function listOf(input: CandleBatch | readonly CandleBatch[]): readonly CandleBatch[] {
  return 'key' in input ? [input] : input;
}

/** Keep a batch at its place, so that its errors name the right one. */
function emptyBatches(count: number): CandleBatch[] {
  return Array.from({ length: count }, () => ({
    key: { symbol: 'empty', timeframe: '1m' },
    candles: [],
  }));
}

function keyOf({ key, candles }: CandleBatch): SeriesKey {
  return candles instanceof CandleSeries ? candles.key : key;
}

function byTime(a: Candle, b: Candle): number {
  return a.timestamp - b.timestamp;
}

function buffersOf({ timestamp, volume }: CandleSeries): ArrayBuffer[] {
  return [timestamp.buffer, volume.buffer].filter((it) => it instanceof ArrayBuffer);
}
