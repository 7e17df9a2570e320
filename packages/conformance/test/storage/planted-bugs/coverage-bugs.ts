import type { Interval, SeriesKey } from '@barkeep/core';
import {
  addCoverageEntry,
  type BatchOutcome,
  type CheckedBatch,
  type CoverageEntry,
  type RemovalOutcome,
} from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { ReferenceStorage } from './reference-storage.ts';

export const coverageBugs: readonly PlantedStorageBug[] = [
  plantBug(
    'forgets the coverage of a write',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        return super.store({ ...batch, covers: [] });
      }
    },
  ),
  plantBug(
    'covers only with candles',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        return super.store(batch.series.length === 0 ? { ...batch, covers: [] } : batch);
      }
    },
  ),
  plantBug(
    'forgets coverage when closed',
    'model/reopen',
    class extends ReferenceStorage {
      protected override async _close(): Promise<void> {
        for (const series of this.data.series.values()) series.coverage = [];
      }
    },
  ),
  plantBug(
    'keeps the coverage of removed candles',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const { coverage } = this.seriesOf(key);
        const removal = await super._remove(key, range);
        this.seriesOf(key).coverage = coverage;
        return removal;
      }
    },
  ),
  plantBug(
    'removes candles with their coverage',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
        await super._removeCoverage(key, range);
        const { candles } = this.seriesOf(key);
        for (const timestamp of candles.keys()) {
          if (range.from <= timestamp && timestamp < range.to) candles.delete(timestamp);
        }
      }
    },
  ),
  covering('merges sources', 'model/commands', (ledger, entry) =>
    addCoverageEntry(
      ledger.map((old) => ({ ...old, source: entry.source })),
      entry,
    ),
  ),
  covering('keeps touching entries apart', 'model/commands', (ledger, entry) =>
    [...ledger, entry].sort((a, b) => a.from - b.from),
  ),
  covering('keeps the older source', 'model/commands', (ledger, entry) =>
    ledger.reduce((sum, old) => addCoverageEntry(sum, old), [entry]),
  ),
  covering('joins over holes', 'model/commands', (ledger, entry) =>
    addCoverageEntry(ledger, {
      ...entry,
      from: Math.min(entry.from, ...ledger.map(({ from }) => from)),
      to: Math.max(entry.to, ...ledger.map(({ to }) => to)),
    }),
  ),
  covering('replaces the whole ledger', 'model/commands', (_, entry) => [entry]),
  plantBugOutside('takes candles for coverage', 'model/commands', (storage) => ({
    coverage: {
      ...storage.coverage,
      missing: async (key, range, options) => {
        const { length } = await storage.candles.read({ ...key, ...range });
        return length > 0 ? [] : storage.coverage.missing(key, range, options);
      },
    },
  })),
  plantBugOutside('answers entries uncut', 'model/commands', ({ coverage }) => ({
    coverage: {
      ...coverage,
      of: async (key, range, options) => {
        const cut = await coverage.of(key, range, options);
        const all = await coverage.of(key, undefined, options);
        return all.filter((entry) => cut.some(({ from }) => entry.from <= from && from < entry.to));
      },
    },
  })),
  plantBugOutside('covers parts of periods', 'model/commands', ({ coverage }) => ({
    coverage: {
      ...coverage,
      add: (key, { from, to }, provenance, options) =>
        coverage.add(
          key,
          { from: Math.floor(from / 60_000) * 60_000, to: Math.ceil(to / 60_000) * 60_000 },
          provenance,
          options,
        ),
    },
  })),
  plantBugOutside('starts weeks on thursday', 'model/commands', ({ coverage }) => ({
    coverage: {
      ...coverage,
      of: async (key, range, options) => {
        const entries = await coverage.of(key, range, options);
        if (!key.timeframe.endsWith('w')) return entries;
        return entries.map((entry) => ({ ...entry, from: entry.from - 4 * 86_400_000 }));
      },
    },
  })),
];

/** Keeps another ledger than it should. */
function covering(
  name: string,
  caughtBy: string,
  cover: (ledger: readonly CoverageEntry[], entry: CoverageEntry) => CoverageEntry[],
): PlantedStorageBug {
  return plantBug(
    name,
    caughtBy,
    class extends ReferenceStorage {
      protected override cover(
        ledger: readonly CoverageEntry[],
        entry: CoverageEntry,
      ): CoverageEntry[] {
        return cover(ledger, entry);
      }
    },
  );
}
