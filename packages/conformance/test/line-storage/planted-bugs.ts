import { fstatSync, statSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { StorageHarness } from '@barkeep/conformance/storage';
import {
  BarkeepError,
  type CandleSeries,
  type Interval,
  intervalsOverlap,
  nextTurn,
  runCooperatively,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import {
  type BatchOutcome,
  type ChangeEvent,
  type CheckedBatch,
  type CheckedQuery,
  type CheckedSnapshotRequest,
  type CompactionReport,
  EVER,
  type LeaseRequest,
  revisionBuckets,
  type SeriesFilter,
  type SeriesInfo,
  type SeriesSnapshot,
  type StorageSize,
  uncoveredPart,
} from '@barkeep/storage';
import { FailingLineStorage, lineHarness } from './harnesses.ts';
import {
  type Draft,
  draftOf,
  type LineContent,
  type LineSeries,
  type Step,
  seriesIn,
} from './line-content.ts';

/** A mistake that somebody who writes an adapter may make, planted in a storage that conforms. */
export interface LineStorageBug {
  /** What the storage does wrong: reads after "a storage that". */
  readonly name: string;
  /** How a user notices. */
  readonly seen: string;
  readonly caughtBy: `storage/${string}`;
  readonly harness: StorageHarness;
}

const bugs: LineStorageBug[] = [];

function plant(
  name: string,
  seen: string,
  caughtBy: string,
  Storage: typeof FailingLineStorage,
): void {
  const harness = { ...lineHarness(name, Storage, false), module: import.meta.url };
  bugs.push({ name, seen, caughtBy: `storage/${caughtBy}`, harness });
}

/** Knows whether a step is read from the file rather than taken by this handle. */
class ReadingLineStorage extends FailingLineStorage {
  protected isReading = false;

  protected override readLines(size: number): boolean {
    this.isReading = true;
    try {
      return super.readLines(size);
    } finally {
      this.isReading = false;
    }
  }
}

function replaceSeries(
  draft: Draft,
  step: SeriesKey,
  change: (after: LineSeries) => Partial<LineSeries>,
): void {
  const after = seriesIn(draft, step);
  draft.series.set(seriesKeyText(after.key), { ...after, ...change(after) });
}

function withSeries(
  content: LineContent,
  change: (series: LineSeries) => LineSeries | undefined,
): LineContent {
  const series = new Map<string, LineSeries>();
  for (const [text, one] of content.series) {
    const changed = change(one);
    if (changed !== undefined) series.set(text, changed);
  }
  return { ...content, series };
}

// Atomicity

plant(
  'writes more than 1,000 candles in two lines',
  'another handle or process reads the first 1,000 of them alone; a kill in between leaves them',
  'isolation/other-handle',
  class extends FailingLineStorage {
    protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
      const [batch] = batches;
      if (batch === undefined || batches.length > 1 || batch.series.length <= 1_000) {
        return super._write(batches);
      }
      const { series } = batch;
      const [head] = await super._write([{ ...batch, series: series.slice(0, 1_000), covers: [] }]);
      await nextTurn();
      const [tail] = await super._write([{ ...batch, series: series.slice(1_000) }]);
      if (head === undefined || tail === undefined) return [];
      return [
        {
          inserted: head.inserted + tail.inserted,
          updated: head.updated + tail.updated,
          unchanged: head.unchanged + tail.unchanged,
          changed:
            head.changed && tail.changed
              ? { from: head.changed.from, to: tail.changed.to }
              : (head.changed ?? tail.changed),
        },
      ];
    }
  },
);

plant(
  'records the coverage of several batches in a second line',
  'somebody who looks in between finds the candles of a call without its coverage',
  'isolation/other-handle',
  class extends FailingLineStorage {
    protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
      if (batches.length < 2 || batches.some(({ replaces }) => replaces === 'uncovered')) {
        return super._write(batches);
      }
      const outcomes = await super._write(batches.map((batch) => ({ ...batch, covers: [] })));
      await nextTurn();
      await super._write(batches.map((batch) => ({ ...batch, series: batch.series.slice(0, 0) })));
      return outcomes;
    }
  },
);

plant(
  'shows what it could not store until it is opened again',
  'a write rejects, reads have it nevertheless, and after reopening it is gone',
  'faults/atomic',
  class extends FailingLineStorage {
    protected override async transact<T>(
      decide: (draft: Draft, take: (step: Step) => void) => Generator<void, T, void>,
    ): Promise<T> {
      let last: Draft | undefined;
      try {
        return await super.transact((draft, take) => {
          last = draft;
          return decide(draft, take);
        });
      } catch (error) {
        if (last !== undefined) this.content = last.commit(this.content.revision);
        throw error;
      }
    }
  },
);

plant(
  'swallows that the disk did not sync',
  'a write resolves though the disk has reported that it is not safe',
  'faults/atomic',
  class extends FailingLineStorage {
    protected override sync(file: number): void {
      try {
        super.sync(file);
      } catch {
        // The system writes it sooner or later.
      }
    }
  },
);

plant(
  'leaves a line in the file whose sync has failed, and goes on after it',
  'after a failure and one more write it cannot be opened again',
  'faults/atomic',
  class extends FailingLineStorage {
    protected override writeLine(line: string): void {
      try {
        super.writeLine(line);
      } catch (error) {
        if (!BarkeepError.is(error, 'IO')) throw error;
        const bytes = Buffer.from(line);
        writeSync(this.openFile(), bytes, 0, bytes.length, this.end);
        this.end += bytes.length;
        throw error;
      }
    }
  },
);

plant(
  'decides what is uncovered before its transaction',
  'of two batches in one call, or two writes at once, the second replaces what the first has covered',
  'model/commands',
  class extends FailingLineStorage {
    protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
      const { series } = this.current();
      const parts = batches.map((batch) => ({
        ...batch,
        ...uncoveredPart(batch, series.get(seriesKeyText(batch.key))?.coverage ?? []),
        replaces: 'all' as const,
      }));
      const outcomes = await super._write(parts);
      return outcomes.map((outcome, i) => {
        const [all, part] = [batches[i]?.series.length ?? 0, parts[i]?.series.length ?? 0];
        return { ...outcome, unchanged: outcome.unchanged + all - part };
      });
    }
  },
);

// Durability

plant(
  'stores a new version of a document 50 ms later',
  'a document that was set again has its earlier value after the process was killed',
  'sharing/reads',
  class extends FailingLineStorage {
    readonly #late = new Map<string, string>();
    #saving: Promise<void> = Promise.resolve();

    protected override async _setMetadata(key: string, text: string): Promise<void> {
      if (!this.current().documents.has(key)) return super._setMetadata(key, text);
      this.#late.set(key, text);
      this.#saving = this.#saving.then(() => delay(50)).then(() => this.#save());
    }

    protected override async _getMetadata(key: string): Promise<string | undefined> {
      return this.#late.get(key) ?? super._getMetadata(key);
    }

    protected override async _deleteMetadata(key: string): Promise<boolean> {
      await this.#save();
      return super._deleteMetadata(key);
    }

    protected override _flush(): Promise<void> {
      return this.#save();
    }

    protected override async _close(): Promise<void> {
      await this.#saving;
      await super._close();
    }

    async #save(): Promise<void> {
      for (const [key, text] of this.#late) {
        await super._setMetadata(key, text);
        this.#late.delete(key);
      }
    }
  },
);

plant(
  'appends after half a line that a killed process has left',
  'after a kill during a write and one more write it cannot be opened again',
  'durability/crash',
  class extends FailingLineStorage {
    protected override writeLine(line: string): void {
      this.end = Math.max(this.end, fstatSync(this.openFile()).size);
      super.writeLine(line);
    }
  },
);

plant(
  'takes documents that a full disk refuses into memory',
  'setting a document resolves, and after reopening it is not there',
  'faults/atomic',
  class extends FailingLineStorage {
    protected override async _setMetadata(key: string, text: string): Promise<void> {
      try {
        await super._setMetadata(key, text);
      } catch (error) {
        if (!BarkeepError.is(error, 'DISK_FULL')) throw error;
        const draft = draftOf(this.content, '');
        this.apply(draft, { type: 'document', key, text });
        this.content = draft.commit(this.content.revision);
      }
    }
  },
);

// Reopening

plant(
  'forgets what an announcement did to revisions when it is read',
  'after reopening, and in other processes, candles kept under the old revision count as current',
  'model/reopen',
  class extends ReadingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      if (step.type !== 'announce' || !this.isReading) return super.apply(draft, step);
      const { marks, markOfAll } = seriesIn(draft, step);
      const events = super.apply(draft, step);
      replaceSeries(draft, step, () => ({ marks, markOfAll }));
      return events;
    }
  },
);

plant(
  'has all coverage of a series again after reopening that was removed without a range',
  'a forced refetch of everything does not survive a restart',
  'sharing/processes',
  class extends ReadingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      if (step.type !== 'uncover' || !this.isReading) return super.apply(draft, step);
      if (step.from !== EVER.from) return super.apply(draft, step);
      const { coverage } = seriesIn(draft, step);
      const events = super.apply(draft, step);
      replaceSeries(draft, step, () => ({ coverage }));
      return events;
    }
  },
);

plant(
  'decodes its file in pieces of 64 KiB',
  'after reopening a character of a long document in Korean has become two others',
  'sizes/many-documents',
  class extends FailingLineStorage {
    protected override decode(bytes: Buffer): string {
      let text = '';
      for (let i = 0; i < bytes.length; i += 65_536)
        text += bytes.toString('utf8', i, Math.min(i + 65_536, bytes.length));
      return text;
    }
  },
);

plant(
  'reads symbols and names in Unicode form C',
  'after reopening, what was stored under the decomposed form of a name is under the composed one',
  'model/commands',
  class extends FailingLineStorage {
    protected override decode(bytes: Buffer): string {
      return super.decode(bytes).normalize('NFC');
    }
  },
);

// Sharing

/** Answers some calls without looking at the file. */
class ForgetfulLineStorage extends FailingLineStorage {
  protected looksAway = false;

  protected override current(): LineContent {
    return this.looksAway ? this.content : super.current();
  }

  protected async lookingAway<T>(work: () => Promise<T>): Promise<T> {
    this.looksAway = true;
    const answer = work();
    this.looksAway = false;
    return answer;
  }
}

plant(
  'lists series without looking for those of others',
  'a series that another process has just begun is not listed',
  'sharing/processes',
  class extends ForgetfulLineStorage {
    protected override _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
      return this.lookingAway(() => super._list(filter));
    }
  },
);

plant(
  'lists the names of documents without looking for those of others',
  'a document that another process has just set is not among the keys',
  'sharing/reads',
  class extends ForgetfulLineStorage {
    protected override _metadataKeys(prefix: string): Promise<string[]> {
      return this.lookingAway(() => super._metadataKeys(prefix));
    }
  },
);

plant(
  'tells coverage without looking for what others covered',
  'what another process has just covered is fetched again',
  'sharing/processes',
  class extends ForgetfulLineStorage {
    protected override _coverageOf(
      ...args: Parameters<FailingLineStorage['_coverageOf']>
    ): ReturnType<FailingLineStorage['_coverageOf']> {
      return this.lookingAway(() => super._coverageOf(...args));
    }
  },
);

plant(
  'does not lock when it sets documents',
  'of documents that two processes set at the same time, one is lost',
  'sizes/many-documents',
  class extends FailingLineStorage {
    #isUnlocked = false;

    protected override locked<T>(work: () => Promise<T>): Promise<T> {
      return this.#isUnlocked ? work() : super.locked(work);
    }

    protected override async _setMetadata(key: string, text: string): Promise<void> {
      this.#isUnlocked = true;
      const setting = super._setMetadata(key, text);
      this.#isUnlocked = false;
      await setting;
    }
  },
);

plant(
  'goes on in the old file after another handle has compacted',
  'from then on two handles have different data, and what one of them writes is lost',
  'model/shared',
  class extends FailingLineStorage {
    #own = 0n;

    protected override load(): void {
      super.load();
      this.#own = fstatSync(this.openFile(), { bigint: true }).ino;
    }

    protected override catchUp(): LineContent {
      const { ino } = statSync(this.path, { bigint: true });
      return ino === this.#own ? super.catchUp() : this.content;
    }
  },
);

plant(
  'leases to an owner in each handle',
  'two processes run a job at the same time',
  'sharing/reads',
  class extends FailingLineStorage {
    readonly #held = new Map<string, { readonly owner: string; readonly until: number }>();

    protected override async _lease({ name, owner, forMs }: LeaseRequest): Promise<boolean> {
      const now = this.clock.now();
      const held = this.#held.get(name);
      const isOthers = held !== undefined && held.owner !== owner && held.until > now;
      if (!isOthers) this.#held.set(name, { owner, until: now + forMs });
      return forMs === 0 || !isOthers;
    }
  },
);

// Change events

plant(
  'tells others of the first series of a write only',
  'a cache in another process keeps old candles of the second series',
  'sharing/changes',
  class extends ReadingLineStorage {
    readonly #told = new WeakSet<Draft>();

    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      const events = super.apply(draft, step);
      if (this.#told.has(draft)) return [];
      this.#told.add(draft);
      return events;
    }
  },
);

plant(
  'tells an interval that ends where the last candle begins',
  'a cache that drops what the interval overlaps keeps the last candle',
  'model/commands',
  class extends FailingLineStorage {
    protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
      const outcomes = await super._write(batches);
      return outcomes.map(({ changed, ...outcome }, i) => {
        if (changed === undefined) return outcome;
        const to = timeframeGrid(batches[i]?.key.timeframe ?? '1m').shift(changed.to, -1);
        return { ...outcome, changed: { from: changed.from, to: Math.max(to, changed.from + 1) } };
      });
    }
  },
);

plant(
  'tells others nothing of removed coverage',
  'a service in another process believes a stretch is complete that was forgotten',
  'sharing/changes',
  class extends FailingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      const events = super.apply(draft, step);
      return step.type === 'uncover' ? [] : events;
    }
  },
);

plant(
  'misses what changed before another handle compacted',
  'a subscriber hears nothing of a write that was followed by a compaction at once',
  'sharing/changes',
  class extends FailingLineStorage {
    protected override catchUp(): LineContent {
      const content = super.catchUp();
      this.events = this.events.filter(({ type }) => type !== 'lagged');
      return content;
    }
  },
);

plant(
  'tells of the first 512 batches of a write',
  'a cache keeps old candles of the 513th series',
  'sizes/many-series',
  class extends FailingLineStorage {
    protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
      const outcomes = await super._write(batches);
      return outcomes.map((outcome, i) => (i < 512 ? outcome : { ...outcome, changed: undefined }));
    }
  },
);

plant(
  'looks for changes of others no more after the last subscriber has left',
  'who subscribes again hears of no other process',
  'sharing/changes',
  class extends FailingLineStorage {
    #hasWatched = false;

    protected override _watchChanges(): void {
      if (this.#hasWatched) return;
      this.#hasWatched = true;
      super._watchChanges();
    }
  },
);

plant(
  'goes on to look for changes when it is closed',
  'a listener hears of changes from a handle that was closed',
  'sharing/changes',
  class extends FailingLineStorage {
    protected override _unwatchChanges(): void {
      if (this.state !== 'closing') super._unwatchChanges();
    }
  },
);

// Revisions

plant(
  'renews the revisions of the ends of a removal only',
  'candles in the middle of a long removal are still served from a cache',
  'model/commands',
  class extends FailingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      if (step.type !== 'remove') return super.apply(draft, step);
      const { marks: before, candles, key } = seriesIn(draft, step);
      const extent = candles.between(step.from, step.to).extent;
      const events = super.apply(draft, step);
      if (extent === undefined) return events;
      const { first, last } = revisionBuckets(key.timeframe, extent);
      replaceSeries(draft, step, ({ marks }) => {
        const all = new Map(marks);
        for (const bucket of marks.keys()) {
          if (bucket <= first || bucket >= last) continue;
          const mark = before.get(bucket);
          if (mark === undefined) all.delete(bucket);
          else all.set(bucket, mark);
        }
        return { marks: all };
      });
      return events;
    }
  },
);

plant(
  'keeps the revision when only volumes change',
  'a cached page has the volume of yesterday for ever',
  'model/commands',
  class extends FailingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      if (step.type !== 'candles') return super.apply(draft, step);
      const { candles, marks, markOfAll } = seriesIn(draft, step);
      const events = super.apply(draft, step);
      const [timestamps = [], ...prices] = step.columns.slice(0, 5);
      const isOnlyVolume = timestamps.every((at, i) => {
        const j = candles.indexAtOrAfter(at ?? Number.NaN);
        const stored = [candles.open[j], candles.high[j], candles.low[j], candles.close[j]];
        return candles.timestamp[j] === at && stored.every((price, k) => price === prices[k]?.[i]);
      });
      if (isOnlyVolume) replaceSeries(draft, step, () => ({ marks, markOfAll }));
      return events;
    }
  },
);

plant(
  'drops series without candles and coverage when it compacts',
  'the revision of a removed series is that from before it was first written',
  'model/commands',
  class extends FailingLineStorage {
    protected override compactLines(
      content: LineContent,
      filter: SeriesFilter,
    ): Generator<void, string[], void> {
      const kept = withSeries(content, (one) =>
        one.candles.length > 0 || one.coverage.length > 0 ? one : undefined,
      );
      return super.compactLines(kept, filter);
    }
  },
);

plant(
  'drops series without candles when it compacts',
  'that nothing was traded is forgotten, and it is fetched again',
  'model/commands',
  class extends FailingLineStorage {
    protected override compactLines(
      content: LineContent,
      filter: SeriesFilter,
    ): Generator<void, string[], void> {
      const kept = withSeries(content, (one) => (one.candles.length > 0 ? one : undefined));
      return super.compactLines(kept, filter);
    }
  },
);

plant(
  'forgets announcements of all of time when it compacts',
  'candles kept under the revision from before the announcement count as current again',
  'model/commands',
  class extends FailingLineStorage {
    protected override compactLines(
      content: LineContent,
      filter: SeriesFilter,
    ): Generator<void, string[], void> {
      const kept = withSeries(content, (one) => ({ ...one, markOfAll: undefined }));
      return super.compactLines(kept, filter);
    }
  },
);

plant(
  'counts changes from 1 again after a compaction',
  'the revision of a long range stays as it is though a candle changes',
  'model/commands',
  class extends FailingLineStorage {
    protected override compactLines(
      content: LineContent,
      filter: SeriesFilter,
    ): Generator<void, string[], void> {
      return super.compactLines({ ...content, changes: 0 }, filter);
    }
  },
);

// Coverage

plant(
  'dates a merged entry by what was added last',
  'an entry is collected earlier than the latest part of it was',
  'model/commands',
  class extends FailingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      const events = super.apply(draft, step);
      if (step.type !== 'cover') return events;
      replaceSeries(draft, step, ({ coverage }) => ({
        coverage: coverage.map((entry) => {
          const added = step.entries.findLast((one) => intervalsOverlap(one, entry));
          return added === undefined ? entry : { ...entry, collectedAt: added.collectedAt };
        }),
      }));
      return events;
    }
  },
);

plant(
  'forgets what is behind a hole in an entry of more than 1,440 periods',
  'after a day was invalidated, the rest of the year is fetched again',
  'model/commands',
  class extends FailingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      if (step.type !== 'uncover') return super.apply(draft, step);
      const { coverage: before, key } = seriesIn(draft, step);
      const grid = timeframeGrid(key.timeframe);
      const cut = before.find(({ from, to }) => from < step.from && step.to < to);
      const events = super.apply(draft, step);
      if (cut === undefined || grid.indexOf(cut.to) - grid.indexOf(cut.from) <= 1_440)
        return events;
      replaceSeries(draft, step, ({ coverage }) => ({
        coverage: coverage.filter(({ from }) => from !== step.to),
      }));
      return events;
    }
  },
);

plant(
  'records the first 512 stretches that a batch covers',
  'what the 513th covers is fetched again and again',
  'coverage/many-entries',
  class extends FailingLineStorage {
    protected override apply(draft: Draft, step: Step): ChangeEvent[] {
      if (step.type !== 'cover') return super.apply(draft, step);
      return super.apply(draft, { ...step, entries: step.entries.slice(0, 512) });
    }
  },
);

// Ranges, sizes, names

plant(
  'reads the candle at the end of a range when a bucket of 1,024 periods begins there',
  'a range has one candle more than asked for',
  'model/commands',
  class extends FailingLineStorage {
    protected override select(series: LineSeries | undefined, query: CheckedQuery): CandleSeries {
      const isBorder = timeframeGrid(query.key.timeframe).indexOf(query.to) % 1_024 === 0;
      return super.select(series, isBorder ? { ...query, to: query.to + 1 } : query);
    }
  },
);

plant(
  'removes a series up to the year 2100',
  'candles after it are still there',
  'sizes/all-of-time',
  class extends FailingLineStorage {
    protected override _remove(
      key: SeriesKey,
      range: Interval,
    ): ReturnType<FailingLineStorage['_remove']> {
      return super._remove(key, range.to === EVER.to ? { ...range, to: Date.UTC(2100) } : range);
    }
  },
);

plant(
  'answers with 512 candles at most when a limit above that cuts at the end',
  'a page of 1,000 candles has 512, and a scan ends early',
  'sizes/large',
  class extends FailingLineStorage {
    protected override select(series: LineSeries | undefined, query: CheckedQuery): CandleSeries {
      const { limit, take } = query;
      const isCut = take === 'first' && limit !== Number.POSITIVE_INFINITY;
      return super.select(series, isCut ? { ...query, limit: Math.min(limit, 512) } : query);
    }
  },
);

plant(
  'ends a prefix of documents at U+F8FF',
  'a document whose name goes on in fullwidth letters is not among the keys',
  'sizes/symbols',
  class extends FailingLineStorage {
    protected override async _metadataKeys(prefix: string): Promise<string[]> {
      const keys = await super._metadataKeys('');
      return keys.filter((key) => prefix === '' || (key >= prefix && key < `${prefix}\uf8ff`));
    }
  },
);

plant(
  'lists minutes and months alike',
  'a filter by 1m finds series of 1M',
  'model/commands',
  class extends FailingLineStorage {
    protected override async _list({ symbol, timeframe }: SeriesFilter): Promise<SeriesInfo[]> {
      const all = await super._list({ symbol });
      const wanted = timeframe?.toLowerCase();
      return all.filter((one) => wanted === undefined || one.timeframe.toLowerCase() === wanted);
    }
  },
);

// Isolation

plant(
  'takes each range of a snapshot from a state of its own',
  'a snapshot of two ranges has half of a write',
  'isolation/writes',
  class extends FailingLineStorage {
    protected override async _snapshots(
      requests: readonly CheckedSnapshotRequest[],
    ): Promise<SeriesSnapshot[]> {
      const snapshots: SeriesSnapshot[] = [];
      for (const request of requests) {
        const [whole] = await super._snapshots([
          { ...request, ranges: request.ranges.slice(0, 1) },
        ]);
        if (whole === undefined) continue;
        const ranges = [...whole.ranges];
        for (const range of request.ranges.slice(1)) {
          await nextTurn();
          const [next] = await super._snapshots([{ ...request, ranges: [range] }]);
          ranges.push(...(next?.ranges ?? []));
        }
        snapshots.push({ ...whole, ranges });
      }
      return snapshots;
    }
  },
);

plant(
  'lends its memory to who reads all of a series',
  'a worker that was given the columns of an answer leaves an empty series behind',
  'input/answers-apart',
  class extends FailingLineStorage {
    protected override select(series: LineSeries | undefined, query: CheckedQuery): CandleSeries {
      const copy = super.select(series, query);
      return series?.candles.length === copy.length ? series.candles : copy;
    }
  },
);

// Compaction

plant(
  'confuses open and close of more than 256 candles when it compacts',
  'rising candles have become falling ones',
  'maintenance/explain',
  class extends FailingLineStorage {
    protected override *compactLines(
      content: LineContent,
      filter: SeriesFilter,
    ): Generator<void, string[], void> {
      const lines = yield* super.compactLines(content, filter);
      return lines.map((text) => {
        const line = JSON.parse(text);
        const [step] = line.steps ?? [];
        if (step?.type !== 'series' || step.columns[0].length <= 256) return text;
        const [timestamp, open, high, low, close, ...others] = step.columns;
        step.columns = [timestamp, close, high, low, open, ...others];
        return JSON.stringify(line);
      });
    }
  },
);

plant(
  'compacts what it has read before it locks',
  'what was written meanwhile is lost',
  'maintenance/meanwhile',
  class extends FailingLineStorage {
    protected override async _compact(filter: SeriesFilter): Promise<CompactionReport> {
      const report = await this._explain(filter);
      if (report.series === 0) return report;
      const lines = await runCooperatively(this.compactLines(this.current(), filter));
      await nextTurn();
      await this.locked(async () => {
        this.replaceFile(lines);
        this.load();
      });
      return report;
    }
  },
);

plant(
  'reports a compaction that failed as done',
  'a report says that everything is compact, and nothing is',
  'faults/atomic',
  class extends FailingLineStorage {
    protected override replaceFile(lines: readonly string[]): void {
      try {
        super.replaceFile(lines);
      } catch (error) {
        // It is tried again next time.
        if (!BarkeepError.is(error, 'DISK_FULL')) throw error;
      }
    }
  },
);

plant(
  'stays locked when a compaction is given up',
  'every later write is refused as busy',
  'maintenance/given-up',
  class extends FailingLineStorage {
    #isLocked = false;

    protected override locked<T>(work: () => Promise<T>): Promise<T> {
      if (!this.#isLocked) return super.locked(work);
      return Promise.reject(new BarkeepError('BUSY', 'it is locked', { retryable: true }));
    }

    protected override async _compact(
      ...[filter, signal]: Parameters<FailingLineStorage['_compact']>
    ): Promise<CompactionReport> {
      signal?.addEventListener('abort', () => {
        this.#isLocked = true;
      });
      return super._compact(filter, signal);
    }
  },
);

// Figures

plant(
  'counts series that have no candles',
  'stats says more series than list',
  'model/commands',
  class extends FailingLineStorage {
    protected override async _size(): Promise<StorageSize> {
      return { ...(await super._size()), series: this.content.series.size };
    }
  },
);

plant(
  'counts replaced candles until they are compacted',
  'stats says more candles than there are',
  'stats/counts',
  class extends FailingLineStorage {
    protected override async _size(): Promise<StorageSize> {
      let candles = 0;
      for (const { loose, isCompact, candles: all } of this.current().series.values()) {
        candles += isCompact ? Math.max(all.length, loose) : loose;
      }
      return { ...(await super._size()), candles };
    }
  },
);

plant(
  'explains all series whatever the filter',
  'explain promises more than compact does',
  'maintenance/filter',
  class extends FailingLineStorage {
    protected override _explain(): Promise<CompactionReport> {
      return super._explain({});
    }
  },
);

export const lineStorageBugs: readonly LineStorageBug[] = bugs;
export const harnesses: readonly StorageHarness[] = bugs.map(({ harness }) => harness);
