import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { isEqual } from '@barkeep/conformance';
import {
  BarkeepError,
  type Candle,
  CandleSeries,
  type Clock,
  type Interval,
  intervalsOverlap,
  invalidInput,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import {
  AbstractMarketDataStorage,
  addCoverageEntry,
  type BackupDescription,
  type BackupMedium,
  type BackupSeries,
  type BackupSource,
  type BatchContent,
  type BatchOutcome,
  type CheckedBackup,
  type CheckedBatch,
  type CheckedQuery,
  type CheckedRestore,
  type CompactionReport,
  type CoverageEntry,
  type CreatedBackup,
  EVER,
  type IntegrityReport,
  type RemovalOutcome,
  type RestoredBackup,
  removeCoverageRange,
  SeriesDigest,
  type SeriesFilter,
  type SeriesInfo,
  type StorageCapabilities,
  type StorageSize,
  uncoveredPart,
  type VerifiedBackup,
} from '@barkeep/storage';

/** One series, in the plainest form there is. */
export interface ReferenceSeries {
  readonly key: SeriesKey;
  readonly candles: Map<number, Candle>;
  /** Written since the last compaction. */
  readonly loose: Set<number>;
  coverage: CoverageEntry[];
  /** Every change of its candles, in order. */
  readonly changes: ReferenceChange[];
}

/** A change of candles, and the revision that it brought. */
export interface ReferenceChange {
  readonly interval: Interval;
  readonly revision: string;
}

/** What outlives a handle: stands for a disk. */
export class ReferenceData {
  readonly series: Map<string, ReferenceSeries> = new Map();
  readonly documents: Map<string, string> = new Map();

  /** What was kept in a file; nothing where there is none. */
  static load(path: string): ReferenceData {
    const data = new ReferenceData();
    if (!existsSync(path)) return data;
    // `save` made it.
    const kept = deserialize(readFileSync(path)) as Pick<ReferenceData, 'series' | 'documents'>;
    for (const [name, series] of kept.series) data.series.set(name, series);
    for (const [key, text] of kept.documents) data.documents.set(key, text);
    return data;
  }

  save(path: string): void {
    writeFileSync(path, serialize({ series: this.series, documents: this.documents }));
  }
}

interface KeptSeries {
  readonly candles: ReadonlyMap<number, Candle>;
  readonly coverage: readonly CoverageEntry[];
}

/** What is in a backup. */
export interface KeptState {
  readonly id: string;
  readonly createdAt: number;
  /** By key, as JSON. */
  readonly series: ReadonlyMap<string, KeptSeries>;
  readonly documents: ReadonlyMap<string, string>;
}

export interface ReferenceOptions {
  readonly clock: Clock;
  readonly data: ReferenceData;
  /** Where a flush, and closing, save it. Default: nowhere. */
  readonly path?: string;
}

/**
 * The plainest storage that conforms: one object per candle, in a map. The planted bugs are
 * changes to it, so its methods are small and open to be overridden.
 */
export class ReferenceStorage extends AbstractMarketDataStorage {
  protected readonly data: ReferenceData;
  readonly #path: string | undefined;

  constructor(
    { clock, data, path }: ReferenceOptions,
    capabilities: Partial<StorageCapabilities> = {},
  ) {
    super(
      'reference-storage',
      {
        durability: 'snapshot',
        changes: 'process',
        sharing: 'exclusive',
        platforms: ['node', 'browser'],
        revisions: true,
        integrity: true,
        maintenance: true,
        backup: true,
        ...capabilities,
      },
      { clock },
    );
    this.data = data;
    this.#path = path;
  }

  protected override async _open(): Promise<void> {}

  protected override _close(): Promise<void> {
    return this._flush();
  }

  protected override async _flush(): Promise<void> {
    if (this.#path !== undefined) this.data.save(this.#path);
  }

  protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
    return batches.map((batch) => this.store(batch));
  }

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    return CandleSeries.from(query.key, this.select(query));
  }

  protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
    const { candles, loose } = this.seriesOf(key);
    const removed = [...candles.keys()].filter((at) => range.from <= at && at < range.to);
    for (const timestamp of removed) candles.delete(timestamp);
    for (const timestamp of removed) loose.delete(timestamp);
    await this._removeCoverage(key, range);
    if (removed.length > 0) this.noteChange(key, range);
    return { removed: removed.length };
  }

  protected override async _revisions(
    key: SeriesKey,
    ranges: readonly Interval[],
  ): Promise<string[]> {
    return ranges.map((range) => this.revisionOf(key, range));
  }

  protected override async _announce(key: SeriesKey, range: Interval): Promise<void> {
    this.noteChange(key, range);
  }

  protected override async _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
    return [...this.data.series.values()]
      .filter(({ key, candles }) => candles.size > 0 && this.matches(key, filter))
      .map((series) => this.describe(series));
  }

  protected override async _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    const series = this.seriesOf(key);
    series.coverage = this.cover(series.coverage, entry);
  }

  protected override async _coverageOf(key: SeriesKey): Promise<CoverageEntry[]> {
    return this.seriesOf(key).coverage;
  }

  protected override async _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
    const series = this.seriesOf(key);
    series.coverage = removeCoverageRange(series.coverage, range);
  }

  protected override async _getMetadata(key: string): Promise<string | undefined> {
    return this.data.documents.get(key);
  }

  protected override async _setMetadata(key: string, text: string): Promise<void> {
    this.data.documents.set(key, text);
  }

  protected override async _deleteMetadata(key: string): Promise<boolean> {
    return this.data.documents.delete(key);
  }

  protected override async _metadataKeys(prefix: string): Promise<string[]> {
    return [...this.data.documents.keys()].filter((key) => key.startsWith(prefix));
  }

  protected override async _size(): Promise<StorageSize> {
    const counts = [...this.data.series.values()].map(({ candles }) => candles.size);
    const candles = counts.reduce((sum, count) => sum + count, 0);
    return { series: counts.filter((count) => count > 0).length, candles, bytes: candles * 48 };
  }

  protected override async _checkIntegrity(key?: SeriesKey): Promise<IntegrityReport> {
    const series = await this._list(key ?? {});
    const candles = series.reduce((sum, { count }) => sum + count, 0);
    return { ok: true, series: series.length, candles, problems: [], truncated: false };
  }

  protected override async _compact(filter: SeriesFilter): Promise<CompactionReport> {
    const report = this.report(filter);
    for (const series of this.data.series.values()) {
      if (this.matches(series.key, filter)) this.fold(series);
    }
    return report;
  }

  protected override async _explain(filter: SeriesFilter): Promise<CompactionReport> {
    return this.report(filter);
  }

  protected override _backupMedia(): readonly BackupMedium[] {
    return ['bytes'];
  }

  protected override async _createBackup(_backup: CheckedBackup): Promise<CreatedBackup> {
    const state = this.stateToKeep();
    const content = this.pack({ ...state, id: crypto.randomUUID(), createdAt: this.clock.now() });
    return {
      ...this.unpack(content).description,
      path: undefined,
      content,
      bytes: content.length,
      omitted: [],
    };
  }

  protected override async _verifyBackup(from: BackupSource): Promise<VerifiedBackup> {
    try {
      const { description } = this.unpack(from);
      return { backup: description, problems: [], bytes: from.length };
    } catch (error) {
      const message = String(error);
      const problems = [{ kind: 'unreadable', message }] as const;
      return { backup: undefined, problems, bytes: from.length };
    }
  }

  protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
    const { kept, description } = this.unpack(restore.from);
    const { series, documents } = this.data;
    if (!restore.overwrite && !this.isEmpty) {
      throw invalidInput({ field: 'overwrite', rule: 'must be true' });
    }
    this.clear();
    for (const [name, { candles, coverage }] of kept.series) {
      const one = this.seriesOf(nameToKey(name));
      for (const [at, candle] of candles) one.candles.set(at, candle);
      one.coverage = [...coverage];
    }
    for (const [key, text] of kept.documents) documents.set(key, text);
    for (const { key } of series.values()) this.noteChange(key, EVER);
    return { ...description, path: undefined };
  }

  protected get isEmpty(): boolean {
    const { series, documents } = this.data;
    const some = [...series.values()];
    return (
      documents.size === 0 &&
      some.every(({ candles, coverage }) => candles.size + coverage.length === 0)
    );
  }

  /** Leaves nothing but what changes there were. */
  protected clear(): void {
    this.data.documents.clear();
    for (const series of this.data.series.values()) {
      series.candles.clear();
      series.loose.clear();
      series.coverage = [];
    }
  }

  /** What a backup is made of. */
  protected stateToKeep(): Pick<KeptState, 'series' | 'documents'> {
    const series = [...this.data.series.values()].map(
      ({ key, candles, coverage }) =>
        [keyToName(key), { candles: new Map(candles), coverage: [...coverage] }] as const,
    );
    return { series: new Map(series), documents: new Map(this.data.documents) };
  }

  protected pack(state: KeptState): Uint8Array {
    const bytes = serialize(state);
    return new Uint8Array([...createHash('sha256').update(bytes).digest(), ...bytes]);
  }

  protected unpack(from: BackupSource): { kept: KeptState; description: BackupDescription } {
    if (typeof from === 'string') throw new TypeError('a backup is bytes');
    const bytes = from.subarray(32);
    const digest = createHash('sha256').update(bytes).digest();
    if (!digest.equals(from.subarray(0, 32))) throw new BarkeepError('CORRUPT', 'it is damaged');
    // The digest says that it is what `pack` made.
    const kept = deserialize(bytes) as KeptState;
    const { id, createdAt } = kept;
    const series = [...kept.series]
      .map(([name, one]) => describeKept(nameToKey(name), one))
      .filter(({ count, key }) => count > 0 || (kept.series.get(key)?.coverage.length ?? 0) > 0)
      .map(({ key: _, ...rest }) => rest)
      .sort((a, b) =>
        (a.symbol === b.symbol ? a.timeframe < b.timeframe : a.symbol < b.symbol) ? -1 : 1,
      );
    const candles = series.reduce((sum, { count }) => sum + count, 0);
    return { kept, description: { id, createdAt, base: undefined, series, candles } };
  }

  /** What a compaction does. */
  protected report(filter: SeriesFilter): CompactionReport {
    const series = [...this.data.series.values()].filter(
      ({ key, candles }) => candles.size > 0 && this.matches(key, filter),
    );
    const sum = (count: (one: ReferenceSeries) => number): number =>
      series.reduce((total, one) => total + count(one), 0);
    const rowsBefore = sum(({ loose }) => loose.size);
    const candles = sum((one) => one.candles.size);
    return {
      series: series.filter(({ loose }) => loose.size > 0).length,
      segmentsBefore: series.filter((one) => one.candles.size > one.loose.size).length,
      segmentsAfter: series.length,
      rowsBefore,
      rowsAfter: 0,
      bytesBefore: 8 * candles + 40 * rowsBefore,
      bytesAfter: 8 * candles,
    };
  }

  /** Makes one segment of a series. */
  protected fold({ loose }: ReferenceSeries): void {
    loose.clear();
  }

  /** Stores one batch and counts what it changed. */
  protected store(batch: CheckedBatch): BatchOutcome {
    const { key, source, collectedAt } = batch;
    const stored = this.seriesOf(key);
    const { series, covers } = this.partToStore(batch, stored);
    const counts = { inserted: 0, updated: 0, unchanged: 0 };
    const changed: number[] = [];
    for (const candle of series) {
      const effect = this.effectOf(stored, candle);
      counts[effect] += 1;
      if (effect !== 'unchanged') {
        changed.push(candle.timestamp);
        stored.loose.add(candle.timestamp);
      }
      stored.candles.set(candle.timestamp, candle);
    }
    for (const interval of covers) {
      stored.coverage = this.cover(stored.coverage, { ...interval, source, collectedAt });
    }
    const interval = intervalOf(key, changed);
    if (interval !== undefined) this.noteChange(key, interval);
    counts.unchanged += batch.series.length - series.length;
    return { ...counts, changed: interval };
  }

  /** What of a batch is not to be left out. */
  protected partToStore(batch: CheckedBatch, { coverage }: ReferenceSeries): BatchContent {
    return uncoveredPart(batch, coverage);
  }

  /** Gives an interval a revision that there has never been. */
  protected noteChange(key: SeriesKey, interval: Interval): void {
    this.seriesOf(key).changes.push({ interval, revision: crypto.randomUUID() });
  }

  /** The revision of the latest change in a range. */
  protected revisionOf(key: SeriesKey, range: Interval): string {
    const latest = this.seriesOf(key).changes.findLast(({ interval }) =>
      intervalsOverlap(interval, range),
    );
    return latest?.revision ?? 'none';
  }

  protected effectOf(
    { candles }: ReferenceSeries,
    candle: Candle,
  ): 'inserted' | 'updated' | 'unchanged' {
    const before = candles.get(candle.timestamp);
    if (before === undefined) return 'inserted';
    return isEqual(before, candle) ? 'unchanged' : 'updated';
  }

  /** The candles a query asks for, ascending. */
  protected select({ key, from, to, limit, take }: CheckedQuery): Candle[] {
    const found = this.candlesOf(key).filter(({ timestamp: at }) => from <= at && at < to);
    return take === 'first'
      ? found.slice(0, limit)
      : found.slice(Math.max(0, found.length - limit));
  }

  protected candlesOf(key: SeriesKey): Candle[] {
    const { candles } = this.seriesOf(key);
    return [...candles.values()].sort((a, b) => a.timestamp - b.timestamp);
  }

  protected cover(ledger: readonly CoverageEntry[], entry: CoverageEntry): CoverageEntry[] {
    return addCoverageEntry(ledger, entry);
  }

  protected matches(key: SeriesKey, { symbol, timeframe }: SeriesFilter): boolean {
    return (
      (symbol === undefined || key.symbol === symbol) &&
      (timeframe === undefined || key.timeframe === timeframe)
    );
  }

  protected describe({ key, candles }: ReferenceSeries): SeriesInfo {
    const timestamps = [...candles.keys()].sort((a, b) => a - b);
    const [first = Number.NaN] = timestamps;
    return { ...key, count: candles.size, first, last: timestamps.at(-1) ?? first };
  }

  /** What series are told apart by. */
  protected nameOf(key: SeriesKey): string {
    return seriesKeyText(key);
  }

  protected seriesOf(key: SeriesKey): ReferenceSeries {
    const name = this.nameOf(key);
    const known = this.data.series.get(name);
    if (known !== undefined) return known;
    const added = { key, candles: new Map(), loose: new Set<number>(), coverage: [], changes: [] };
    this.data.series.set(name, added);
    return added;
  }
}

function keyToName({ symbol, timeframe }: SeriesKey): string {
  return JSON.stringify({ symbol, timeframe });
}

function nameToKey(name: string): SeriesKey {
  return JSON.parse(name) as SeriesKey;
}

function describeKept(
  { symbol, timeframe }: SeriesKey,
  { candles, coverage }: KeptSeries,
): BackupSeries & { readonly key: string } {
  const sorted = [...candles.values()].sort((a, b) => a.timestamp - b.timestamp);
  const digest = new SeriesDigest();
  digest.add(CandleSeries.from({ symbol, timeframe }, sorted));
  return {
    key: keyToName({ symbol, timeframe }),
    symbol,
    timeframe,
    count: sorted.length,
    first: sorted[0]?.timestamp,
    last: sorted.at(-1)?.timestamp,
    checksum: digest.finish(coverage),
  };
}

function intervalOf({ timeframe }: SeriesKey, timestamps: readonly number[]): Interval | undefined {
  const [first] = timestamps;
  const last = timestamps.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return { from: first, to: timeframeGrid(timeframe).shift(last) };
}
