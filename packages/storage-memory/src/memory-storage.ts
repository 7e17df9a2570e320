import { periodsOf, stretchWithin } from '@barkeep/candle-archive';
import {
  BarkeepError,
  type CandleColumn,
  type CandleSeries,
  type Interval,
  invalidInput,
  runCooperatively,
  type SeriesKey,
  type SomeColumns,
  seriesKeyText,
  throwIfAborted,
} from '@barkeep/core';
import type { StorageAdapter } from '@barkeep/storage';
import {
  AbstractMarketDataStorage,
  type AbstractStorageOptions,
  addCoverageEntry,
  type BackupCall,
  type BackupMedium,
  type BackupProblem,
  type BackupSource,
  type BatchOutcome,
  type CheckedBackup,
  type CheckedBatch,
  type CheckedQuery,
  type CheckedRestore,
  type CheckedSnapshotRequest,
  type CoverageEntry,
  type CreatedBackup,
  type IntegrityReport,
  ProcessRevisions,
  putCoverageEntry,
  type RemovalOutcome,
  type RestoredBackup,
  type RevisionBuckets,
  removeCoverageRange,
  revisionBuckets,
  type SeriesFilter,
  type SeriesInfo,
  type SeriesSnapshot,
  type SnapshotPart,
  type StorageSize,
  uncoveredPart,
  type VerifiedBackup,
  wantsCandles,
} from '@barkeep/storage';
import { CandleChunks } from './candle-chunks.ts';
import { CandleDraft } from './candle-draft.ts';
import { checkSeries } from './check-series.ts';
import { decodeBackup, encodeBackup } from './memory-backup.ts';
import type { StoredSeries } from './stored-series.ts';

export type MemoryStorageOptions = AbstractStorageOptions;

const BYTES_PER_CANDLE = 6 * Float64Array.BYTES_PER_ELEMENT;

/**
 * Market data in the memory of this process, gone when it is closed: for tests, for backtests, and
 * as the storage to read first when writing one.
 *
 * A series is a value that never changes. A write makes new ones and, when all are complete, puts
 * them in the place of the old ones in one step: that makes it atomic, and lets a read that began
 * before go on with what it saw.
 *
 * @example
 * const storage = new MemoryStorage();
 * await storage.open();
 */
export class MemoryStorage extends AbstractMarketDataStorage {
  readonly #series = new Map<string, StoredSeries>();
  readonly #documents = new Map<string, string>();
  readonly #revisions = new ProcessRevisions();
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(options: MemoryStorageOptions = {}) {
    super(
      'storage-memory',
      {
        platforms: ['node', 'browser'],
        revisions: true,
        integrity: true,
        backup: true,
      },
      options,
    );
  }

  protected override async _open(): Promise<void> {}

  protected override async _close(): Promise<void> {
    this.#series.clear();
    this.#documents.clear();
  }

  protected override _write(batches: readonly CheckedBatch[]): Promise<readonly BatchOutcome[]> {
    return this.#inTurn(async () => {
      const { drafts, outcomes } = await runCooperatively(this.#draft(batches));
      for (const { key, candles, coverage, buckets } of drafts) {
        this.#put({ key, candles, coverage });
        this.#revisions.renewBuckets(key, buckets);
      }
      return outcomes;
    });
  }

  protected override _read(query: CheckedQuery): Promise<CandleSeries> {
    return runCooperatively(this.#get(query.key).candles.read(query));
  }

  protected override _readMany(queries: readonly CheckedQuery[]): Promise<CandleSeries[]> {
    return runCooperatively(this.#readMany(queries));
  }

  protected override _readColumns<C extends CandleColumn>(
    query: CheckedQuery,
    columns: readonly C[],
  ): Promise<SomeColumns<C>> {
    return runCooperatively(this.#get(query.key).candles.readColumns(query, columns));
  }

  protected override _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
    return this.#inTurn(() => {
      const before = this.#get(key);
      const candles = before.candles.without(range);
      const coverage = removeCoverageRange(before.coverage, range);
      const removed = before.candles.length - candles.length;
      this.#put({ ...before, candles, coverage });
      if (removed > 0) this.#revisions.renew(key, stretchWithin(before.candles.extent, range));
      return { removed };
    });
  }

  protected override async _revisions(
    key: SeriesKey,
    ranges: readonly Interval[],
  ): Promise<string[]> {
    return ranges.map((range) => this.#revisions.of(key, range));
  }

  protected override _snapshots(
    requests: readonly CheckedSnapshotRequest[],
  ): Promise<SeriesSnapshot[]> {
    return runCooperatively(this.#snapshots(requests));
  }

  protected override _announce(key: SeriesKey, range: Interval): Promise<void> {
    return this.#inTurn(() => this.#revisions.renew(key, range));
  }

  protected override async _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
    return this.#select(filter)
      .filter(({ candles }) => !candles.isEmpty)
      .map(({ key, candles }) => ({
        ...key,
        count: candles.length,
        first: candles.firstTimestamp,
        last: candles.lastTimestamp,
      }));
  }

  protected override _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    return this.#inTurn(() => {
      const series = this.#get(key);
      this.#put({ ...series, coverage: addCoverageEntry(series.coverage, entry) });
    });
  }

  protected override async _coverageOf(key: SeriesKey): Promise<CoverageEntry[]> {
    return [...this.#get(key).coverage];
  }

  protected override _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
    return this.#inTurn(() => {
      const series = this.#get(key);
      this.#put({ ...series, coverage: removeCoverageRange(series.coverage, range) });
    });
  }

  protected override async _getMetadata(key: string): Promise<string | undefined> {
    return this.#documents.get(key);
  }

  protected override async _setMetadata(key: string, text: string): Promise<void> {
    this.#documents.set(key, text);
  }

  protected override async _deleteMetadata(key: string): Promise<boolean> {
    return this.#documents.delete(key);
  }

  protected override async _metadataKeys(prefix: string): Promise<string[]> {
    return [...this.#documents.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Counts the columns, which is where the bytes are. */
  protected override async _size(): Promise<StorageSize> {
    const series = await this._list({});
    const candles = series.reduce((sum, { count }) => sum + count, 0);
    return { series: series.length, candles, bytes: candles * BYTES_PER_CANDLE };
  }

  protected override _checkIntegrity(key: SeriesKey | undefined): Promise<IntegrityReport> {
    return runCooperatively(checkSeries(this.#select(key ?? {})));
  }

  protected override _backupMedia(): readonly BackupMedium[] {
    return ['bytes'];
  }

  protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
    const { since, signal, report } = backup;
    if (since !== undefined) throw new TypeError('bytes have no path');
    // In turn, so that it has every change that was under way.
    const state = await this.#inTurn(() => ({
      series: [...this.#series.values()],
      documents: [...this.#documents],
    }));
    const description = { id: crypto.randomUUID(), createdAt: this.clock.now() };
    const content = await runCooperatively(
      encodeBackup({ ...description, ...state }, report),
      signal,
    );
    const verified = await runCooperatively(decodeBackup(content, report), signal);
    if (verified.content === undefined) throw damagedBackup(verified.problems);
    const { description: made } = verified.content;
    return { ...made, path: undefined, content, bytes: content.length, omitted: [] };
  }

  protected override async _verifyBackup(
    from: BackupSource,
    { signal, report }: BackupCall,
  ): Promise<VerifiedBackup> {
    const bytes = bytesOf(from);
    const { content, problems } = await runCooperatively(decodeBackup(bytes, report), signal);
    return { backup: content?.description, problems, bytes: bytes.length };
  }

  protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
    const { from, overwrite, signal, report } = restore;
    const decoded = await runCooperatively(decodeBackup(bytesOf(from), report), signal);
    const { content, problems } = decoded;
    if (content === undefined) throw damagedBackup(problems);
    return this.#inTurn(() => {
      throwIfAborted(signal);
      if (!overwrite && this.#series.size + this.#documents.size > 0) throw notEmpty();
      this.#series.clear();
      this.#documents.clear();
      for (const series of content.series) this.#put(series);
      for (const [key, text] of content.documents) this.#documents.set(key, text);
      this.#revisions.renewAll();
      return { ...content.description, path: undefined };
    });
  }

  *#draft(
    batches: readonly CheckedBatch[],
  ): Generator<void, { drafts: SeriesDraft[]; outcomes: BatchOutcome[] }, void> {
    const open = new Map<string, OpenDraft>();
    const outcomes: BatchOutcome[] = [];
    for (const batch of batches) {
      const text = seriesKeyText(batch.key);
      const draft = open.get(text) ?? this.#startDraft(batch.key);
      open.set(text, draft);
      outcomes.push(yield* storeBatch(draft, batch));
      yield;
    }
    const drafts: SeriesDraft[] = [];
    for (const { candles, ...rest } of open.values()) {
      drafts.push({ ...rest, candles: yield* candles.finish() });
      yield;
    }
    return { drafts, outcomes };
  }

  #startDraft(key: SeriesKey): OpenDraft {
    const { candles, coverage } = this.#get(key);
    return { key, candles: new CandleDraft(key, candles), coverage: [...coverage], buckets: [] };
  }

  *#readMany(queries: readonly CheckedQuery[]): Generator<void, CandleSeries[], void> {
    const answers: CandleSeries[] = [];
    for (const query of queries) {
      answers.push(yield* this.#get(query.key).candles.read(query));
      yield;
    }
    return answers;
  }

  *#snapshots(
    requests: readonly CheckedSnapshotRequest[],
  ): Generator<void, SeriesSnapshot[], void> {
    const snapshots: SeriesSnapshot[] = [];
    for (const request of requests) {
      snapshots.push(yield* this.#snapshot(request));
      yield;
    }
    return snapshots;
  }

  /** What is told belongs to the moment before the first pause: a series never changes, its place does. */
  *#snapshot({ key, ranges }: CheckedSnapshotRequest): Generator<void, SeriesSnapshot, void> {
    const { candles, coverage } = this.#get(key);
    const revisions = ranges.map((range) => this.#revisions.of(key, range));
    const parts: SnapshotPart[] = [];
    for (const [i, range] of ranges.entries()) {
      const revision = revisions[i] ?? '';
      const isWanted = wantsCandles(range, revision);
      parts.push({ revision, candles: isWanted ? yield* candles.read(range) : undefined });
      yield;
    }
    return {
      key,
      extent: candles.extent && periodsOf(key, candles.extent),
      coverage: coverage.map((entry) => ({ ...entry })),
      ranges: parts,
    };
  }

  #get({ symbol, timeframe }: SeriesKey): StoredSeries {
    const key = { symbol, timeframe };
    const known = this.#series.get(seriesKeyText(key));
    return known ?? { key, candles: new CandleChunks(key), coverage: [] };
  }

  #put(series: StoredSeries): void {
    const text = seriesKeyText(series.key);
    if (series.candles.isEmpty && series.coverage.length === 0) this.#series.delete(text);
    else this.#series.set(text, series);
  }

  #select({ symbol, timeframe }: SeriesFilter): StoredSeries[] {
    return [...this.#series.values()]
      .filter(({ key }) => symbol === undefined || key.symbol === symbol)
      .filter(({ key }) => timeframe === undefined || key.timeframe === timeframe);
  }

  /** Changes follow one another, because each starts from what the one before it left. */
  #inTurn<T>(change: () => T | Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(change);
    this.#lastTurn = turn.catch(() => {
      // Whoever asked for the change hears of its failure; the next change is not concerned.
    });
    return turn;
  }
}

function bytesOf(from: BackupSource): Uint8Array {
  // Some, such as Node's Buffer, have methods of these names that do something else.
  if (typeof from !== 'string') return new Uint8Array(from.buffer, from.byteOffset, from.length);
  throw new TypeError('a backup is bytes');
}

function damagedBackup(problems: readonly BackupProblem[]): BarkeepError {
  const message = `the backup is damaged: ${problems[0]?.message}`;
  return new BarkeepError('CORRUPT', message, { details: { problems: problems.slice(0, 10) } });
}

function notEmpty(): BarkeepError {
  return invalidInput({ field: 'overwrite', rule: 'must be true to replace what is stored' });
}

/** What a write makes of a series, and where its candles change. */
interface SeriesDraft extends StoredSeries {
  readonly buckets: readonly RevisionBuckets[];
}

interface OpenDraft {
  readonly key: SeriesKey;
  readonly candles: CandleDraft;
  readonly coverage: CoverageEntry[];
  readonly buckets: RevisionBuckets[];
}

function* storeBatch(
  { key, candles, coverage, buckets }: OpenDraft,
  batch: CheckedBatch,
): Generator<void, BatchOutcome, void> {
  const { series, covers } = uncoveredPart(batch, coverage);
  const { changed: stretch, ...result } = yield* candles.write(series);
  const changed = stretch && periodsOf(key, stretch);
  if (changed !== undefined) buckets.push(revisionBuckets(key.timeframe, changed));
  for (const interval of covers) {
    const { source, collectedAt } = batch;
    putCoverageEntry(coverage, { ...interval, source, collectedAt });
    yield;
  }
  const leftOut = batch.series.length - series.length;
  return { ...result, unchanged: result.unchanged + leftOut, changed };
}

/** Makes storages from `memory:`. */
export const memoryStorageAdapter: StorageAdapter = {
  kind: 'storage',
  schemes: { memory: { create: (options: MemoryStorageOptions) => new MemoryStorage(options) } },
};
