import { CandleSeries, nextTurn } from '@barkeep/core';
import {
  addCoverageEntry,
  type BatchContent,
  type BatchOutcome,
  type CheckedBatch,
  uncoveredPart,
} from '@barkeep/storage';
import { type PlantedStorageBug, plantBug } from './plant-bug.ts';
import {
  type ReferenceOptions,
  type ReferenceSeries,
  ReferenceStorage,
} from './reference-storage.ts';

/** Decides what to leave out, pauses, and stores. */
class DecidesEarly extends ReferenceStorage {
  protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
    const decided = batches.map((batch): CheckedBatch => {
      const part = this.partToStore(batch, this.seriesOf(batch.key));
      return { ...batch, ...part, replaces: 'all' };
    });
    await nextTurn();
    return super._write(decided);
  }
}

export const uncoveredBugs: readonly PlantedStorageBug[] = [
  plantBug(
    'replaces covered candles whatever it is told',
    'model/commands',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch): BatchContent {
        return batch;
      }
    },
  ),
  plantBug(
    'never replaces covered candles',
    'model/commands',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        return super.partToStore({ ...batch, replaces: 'uncovered' }, series);
      }
    },
  ),
  plantBug(
    'leaves out covered candles only where it has one',
    'model/commands',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        const part = super.partToStore(batch, series);
        if (batch.replaces === 'all') return part;
        const kept = new Set(part.series.timestamp);
        const candles = batch.series
          .toArray()
          .filter(({ timestamp }) => kept.has(timestamp) || !series.candles.has(timestamp));
        return { ...part, series: CandleSeries.from(batch.key, candles) };
      }
    },
  ),
  plantBug(
    'does not count what it leaves out',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const part = this.partToStore(batch, this.seriesOf(batch.key));
        return super.store({ ...batch, ...part, replaces: 'all' });
      }
    },
  ),
  plantBug(
    'covers a batch before it looks what is covered',
    'model/commands',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        const { source, collectedAt } = batch;
        const ledger = batch.covers.reduce(
          (entries, it) => addCoverageEntry(entries, { ...it, source, collectedAt }),
          series.coverage,
        );
        return { ...uncoveredPart(batch, ledger), covers: batch.covers };
      }
    },
  ),
  plantBug(
    'looks what is covered once for all batches',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        const parts = batches.map((batch) => super.partToStore(batch, this.seriesOf(batch.key)));
        return super._write(
          batches.map((batch, i): CheckedBatch => ({ ...batch, ...parts[i], replaces: 'all' })),
        );
      }
    },
  ),
  plantBug(
    'covers again what was covered before',
    'model/commands',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        return { ...super.partToStore(batch, series), covers: batch.covers };
      }
    },
  ),
  plantBug(
    'leaves out for good what was covered once',
    'model/commands',
    class extends ReferenceStorage {
      readonly #once = new Map<string, ReferenceSeries['coverage']>();

      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        const name = this.nameOf(batch.key);
        const ledger = series.coverage.reduce(addCoverageEntry, this.#once.get(name) ?? []);
        this.#once.set(name, ledger);
        return uncoveredPart(batch, ledger);
      }

      protected override async _removeCoverage(
        ...[key, range]: Parameters<ReferenceStorage['_removeCoverage']>
      ) {
        const { coverage } = this.seriesOf(key);
        this.#once.set(this.nameOf(key), coverage);
        return super._removeCoverage(key, range);
      }
    },
  ),
  plantBug(
    'takes every period for a minute',
    'model/commands',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        const coverage = series.coverage.map((entry) => ({ ...entry, from: entry.to - 60_000 }));
        const isMinute = batch.key.timeframe === '1m';
        return super.partToStore(batch, isMinute ? series : { ...series, coverage });
      }
    },
  ),
  plantBug(
    'looks at a thousand entries of coverage',
    'coverage/many-entries',
    class extends ReferenceStorage {
      protected override partToStore(batch: CheckedBatch, series: ReferenceSeries): BatchContent {
        return super.partToStore(batch, { ...series, coverage: series.coverage.slice(0, 1_000) });
      }
    },
  ),
  plantBug(
    'tells of candles that it left out',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const { extent } = batch.series;
        return { ...super.store(batch), changed: extent };
      }
    },
  ),
  plantBug('decides what to leave out before it writes', 'model/commands', DecidesEarly),
  plantBug(
    'decides by the ledger that its own handle knows',
    'model/commands',
    class extends ReferenceStorage {
      readonly #known = new Map<string, ReferenceSeries['coverage']>();

      constructor(options: ReferenceOptions) {
        super(options, { sharing: 'multi-process' });
      }

      protected override partToStore(batch: CheckedBatch): BatchContent {
        const { source, collectedAt, covers } = batch;
        const name = this.nameOf(batch.key);
        const known = this.#known.get(name) ?? [];
        const added = covers.map((it) => ({ ...it, source, collectedAt }));
        this.#known.set(name, added.reduce(addCoverageEntry, known));
        return uncoveredPart(batch, known);
      }
    },
  ),
];
