import { type Interval, nextTurn, type SeriesKey } from '@barkeep/core';
import type { BatchOutcome, CheckedBatch, CoverageEntry, RemovalOutcome } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import {
  type ReferenceOptions,
  type ReferenceSeries,
  ReferenceStorage,
} from './reference-storage.ts';

const EVER: Interval = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

export const revisionBugs: readonly PlantedStorageBug[] = [
  plantBug(
    'keeps the revision of what it removes',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const changes = [...this.seriesOf(key).changes];
        const outcome = await super._remove(key, range);
        this.seriesOf(key).changes.splice(0, Number.POSITIVE_INFINITY, ...changes);
        return outcome;
      }
    },
  ),
  plantBug(
    'makes a new revision where it removes nothing',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        this.noteChange(key, range);
        return super._remove(key, range);
      }
    },
  ),
  plantBug(
    'makes new revisions of a whole series when it removes a part',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const outcome = await super._remove(key, range);
        if (outcome.removed > 0) this.noteChange(key, EVER);
        return outcome;
      }
    },
  ),
  plantBug(
    'takes the candles for their revision',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf(key: SeriesKey, { from, to }: Interval): string {
        const found = this.candlesOf(key).filter(({ timestamp: at }) => from <= at && at < to);
        return `sum:${found.reduce((sum, it) => sum + it.timestamp + it.close * it.volume, 0)}`;
      }
    },
  ),
  plantBug(
    'forgets the revisions of a series that has gone',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const outcome = await super._remove(key, range);
        const { candles, changes } = this.seriesOf(key);
        if (candles.size === 0) changes.length = 0;
        return outcome;
      }
    },
  ),
  plantBug(
    'sees inserts only in a revision',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const { changes } = this.seriesOf(batch.key);
        const before = [...changes];
        const outcome = super.store(batch);
        if (outcome.inserted === 0) changes.splice(0, Number.POSITIVE_INFINITY, ...before);
        return outcome;
      }
    },
  ),
  plantBug(
    'makes a new revision of what is the same',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const { extent } = batch.series;
        if (extent !== undefined) this.noteChange(batch.key, extent);
        return super.store(batch);
      }
    },
  ),
  plantBug(
    'makes a new revision of what it covers',
    'model/commands',
    class extends ReferenceStorage {
      protected override _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
        this.noteChange(key, entry);
        return super._addCoverage(key, entry);
      }
    },
  ),
  plantBug(
    'makes a new revision when it compacts',
    'model/commands',
    class extends ReferenceStorage {
      protected override fold(series: ReferenceSeries): void {
        super.fold(series);
        this.noteChange(series.key, EVER);
      }
    },
  ),
  plantBug(
    'has one revision for a whole series',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf(key: SeriesKey): string {
        return super.revisionOf(key, EVER);
      }
    },
  ),
  plantBug(
    'has one revision for all series of a symbol',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf({ symbol }: SeriesKey, range: Interval): string {
        return super.revisionOf({ symbol, timeframe: '1m' }, range);
      }

      protected override noteChange({ symbol }: SeriesKey, interval: Interval): void {
        super.noteChange({ symbol, timeframe: '1m' }, interval);
      }
    },
  ),
  plantBug(
    'mixes up the revisions of symbols in another case',
    'model/commands',
    class extends ReferenceStorage {
      readonly #latest = new Map<string, string>();

      protected override noteChange(key: SeriesKey): void {
        this.#latest.set(key.symbol.toLowerCase(), crypto.randomUUID());
      }

      protected override revisionOf(key: SeriesKey): string {
        return this.#latest.get(key.symbol.toLowerCase()) ?? 'none';
      }
    },
  ),
  plantBug(
    'sorts the ranges',
    'model/commands',
    class extends ReferenceStorage {
      protected override _revisions(key: SeriesKey, ranges: readonly Interval[]) {
        return super._revisions(
          key,
          ranges.toSorted((a, b) => a.from - b.from),
        );
      }
    },
  ),
  plantBug(
    'looks for changes after the first period of a range only',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf(key: SeriesKey, { from, to }: Interval): string {
        return super.revisionOf(key, { from: from + 1, to });
      }

      protected override noteChange(key: SeriesKey, { from }: Interval): void {
        super.noteChange(key, { from, to: from + 1 });
      }
    },
  ),
  plantBug(
    'marks only where a write begins',
    'model/commands',
    class extends ReferenceStorage {
      protected override noteChange(key: SeriesKey, { from }: Interval): void {
        super.noteChange(key, { from, to: from + 1_000 * 60_000 });
      }
    },
  ),
  plantBug(
    'marks nothing where that would be too much',
    'model/commands',
    class extends ReferenceStorage {
      protected override noteChange(key: SeriesKey, interval: Interval): void {
        if (interval.to - interval.from < 1e12) super.noteChange(key, interval);
      }
    },
  ),
  plantBug(
    'looks at both ends of a wide range only',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf(key: SeriesKey, { from, to }: Interval): string {
        const middle = Math.min(to, from + 6_000 * 60_000);
        const ends = [
          { from, to: middle },
          { from: Math.max(middle, to - 60_000), to },
        ];
        return ends.map((end) => super.revisionOf(key, end)).join(':');
      }
    },
  ),
  plantBug(
    'has revisions of weeks that begin on another day',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf(key: SeriesKey, range: Interval): string {
        const isShifted = key.timeframe === '1w';
        const shift = isShifted ? 7 * 86_400_000 : 0;
        return super.revisionOf(key, { from: range.from, to: range.to - shift });
      }
    },
  ),
  plantBug(
    'tells a new revision before it writes',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        for (const { key, series } of batches) {
          if (series.extent !== undefined) this.noteChange(key, series.extent);
        }
        this.#isMarked = true;
        for (let i = 0; i < 20; i += 1) await nextTurn();
        const outcomes = await super._write(batches);
        this.#isMarked = false;
        return outcomes;
      }

      #isMarked = false;

      protected override noteChange(key: SeriesKey, interval: Interval): void {
        if (!this.#isMarked) super.noteChange(key, interval);
      }
    },
  ),
  plantBug(
    'tells a new revision some time after it wrote',
    'model/commands',
    class extends ReferenceStorage {
      protected override noteChange(key: SeriesKey, interval: Interval): void {
        void nextTurn()
          .then(nextTurn)
          .then(() => super.noteChange(key, interval));
      }
    },
  ),
  plantBug(
    'keeps the revision when it only updates, three candles or more',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const { changes } = this.seriesOf(batch.key);
        const before = [...changes];
        const outcome = super.store(batch);
        if (outcome.updated >= 3 && outcome.inserted === 0) {
          changes.splice(0, Number.POSITIVE_INFINITY, ...before);
        }
        return outcome;
      }
    },
  ),
  plantBug(
    'forgets revisions when closed',
    'model/reopen',
    class extends ReferenceStorage {
      protected override async _close(): Promise<void> {
        for (const { changes } of this.data.series.values()) changes.length = 0;
      }
    },
  ),
  plantBug(
    'counts changes from nought again after reopening',
    'model/reopen',
    class extends ReferenceStorage {
      #changes = 0;

      protected override noteChange(key: SeriesKey, interval: Interval): void {
        this.#changes += 1;
        this.seriesOf(key).changes.push({ interval, revision: `change-${this.#changes}` });
      }
    },
  ),
  plantBug(
    'makes up revisions when it opens',
    'model/reopen',
    class extends ReferenceStorage {
      readonly #instance = crypto.randomUUID();

      protected override revisionOf(key: SeriesKey, range: Interval): string {
        return `${this.#instance}:${super.revisionOf(key, range)}`;
      }
    },
  ),
  plantBug(
    'tells everything it knows in a revision',
    'model/commands',
    class extends ReferenceStorage {
      protected override revisionOf(key: SeriesKey, { from, to }: Interval): string {
        const found = this.candlesOf(key).filter(({ timestamp: at }) => from <= at && at < to);
        return `${super.revisionOf(key, { from, to })}-${found.map(({ close }) => close).join('-')}`;
      }
    },
  ),
  plantBug(
    'keeps the revisions of what is announced',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _announce(): Promise<void> {}
    },
  ),
  plantBug(
    'announces more than it was asked to',
    'model/commands',
    class extends ReferenceStorage {
      protected override _announce(key: SeriesKey): Promise<void> {
        return super._announce(key, EVER);
      }
    },
  ),
  plantBug(
    'announces only what is stored',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _announce(key: SeriesKey, range: Interval): Promise<void> {
        if (this.seriesOf(key).candles.size > 0) await super._announce(key, range);
      }
    },
  ),
  plantBug(
    'removes what is announced',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _announce(key: SeriesKey, range: Interval): Promise<void> {
        await super._remove(key, range);
      }
    },
  ),
  plantBug(
    'lists what is announced',
    'model/commands',
    class extends ReferenceStorage {
      readonly #announced = new Set<SeriesKey>();

      protected override async _announce(key: SeriesKey, range: Interval): Promise<void> {
        this.#announced.add(key);
        await super._announce(key, range);
      }

      protected override async _list(
        ...[filter]: Parameters<ReferenceStorage['_list']>
      ): ReturnType<ReferenceStorage['_list']> {
        const empty = [...this.#announced].filter((key) => this.matches(key, filter));
        const listed = await super._list(filter);
        return [...listed, ...empty.map((key) => ({ ...key, count: 0, first: 0, last: 0 }))];
      }
    },
  ),
  plantBugOutside('announces to nobody', 'model/commands', ({ changes }) => ({
    changes: { ...changes, announce: async () => undefined },
  })),
  plantBugOutside('announces all of time to nobody', 'model/commands', ({ changes }) => ({
    changes: {
      ...changes,
      announce: async (key, range, options) => {
        if (range !== undefined) await changes.announce(key, range, options);
      },
    },
  })),
  plantBugOutside('announces parts of periods', 'model/commands', ({ changes }) => ({
    changes: {
      ...changes,
      announce: (key, range, options) =>
        changes.announce(key, range && { ...range, to: range.to - (range.to % 60_000) }, options),
    },
  })),
  plantBugOutside('announces anything', 'input/ranges', ({ changes }) => ({
    changes: {
      ...changes,
      announce: (key, range, options) => changes.announce(key, range ?? undefined, options),
    },
  })),
  plantBugOutside('takes any range for one', 'capabilities/revisions', ({ candles }) => ({
    candles: {
      ...candles,
      revisions: (key, ranges, options) => candles.revisions(key, [ranges].flat(), options),
    },
  })),
  plantBugOutside('hides revisions', 'capabilities/revisions', ({ capabilities }) => ({
    capabilities: { ...capabilities, revisions: false },
  })),
  plantBug(
    'claims revisions',
    'model/commands',
    class extends ReferenceStorage {
      constructor(options: ReferenceOptions) {
        super(options);
        Reflect.set(this, '_revisions', () => Promise.reject(new TypeError('not here')));
      }
    },
  ),
];
