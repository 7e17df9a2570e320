import {
  type CompactionStep,
  comparedFigures,
  isChange,
  type SeriesFigures,
  standstill,
} from '@barkeep/candle-archive';
import {
  type CandleColumn,
  CandleSeries,
  columnNames,
  type EpochMs,
  type Interval,
  pickColumns,
  runCooperatively,
  type SeriesKey,
  type SomeColumns,
  throwIfAborted,
} from '@barkeep/core';
import {
  AbstractMarketDataStorage,
  type BatchOutcome,
  type CheckedBatch,
  type CheckedQuery,
  type CheckedSnapshotRequest,
  type CompactionReport,
  type CoverageEntry,
  EVER,
  type FragmentationReport,
  type IntegrityReport,
  type LeaseRequest,
  type MaintenanceAdvice,
  type QuarantineReport,
  type RemovalOutcome,
  type RepairReport,
  type SeriesFilter,
  type SeriesInfo,
  type SeriesSnapshot,
  type SlowQuery,
  type StorageSize,
  type VacuumReport,
} from '@barkeep/storage';
import type { EngineCaller } from './engine-calls.ts';
import { slowQueryAdvice } from './maintenance/advice.ts';
import { packBatches, unpackOutcomes } from './packed-batches.ts';
import type { SqliteEngineOptions } from './sqlite-engine.ts';
import { columnBuffers } from './thread/thread-protocol.ts';

/** What one call of the engine answers at most: more would keep the thread on either side for too long. */
const READS_PER_CALL = 256;
/** Up to how many batches and intervals are sent as they are. */
const FEW_TO_WRITE = 64;

/**
 * What every storage on an engine has in common: each method of the contract becomes a call of the
 * engine, wherever that runs. An adapter opens and closes the engine and says who answers.
 */
export abstract class EngineStorage extends AbstractMarketDataStorage {
  /** Who answers what only reads. @throws BarkeepError `NOT_OPEN`. */
  protected abstract get reader(): EngineCaller;

  /** Who does what changes something. @throws BarkeepError `NOT_OPEN`. */
  protected abstract get writer(): EngineCaller;

  protected override _write(batches: readonly CheckedBatch[]): Promise<readonly BatchOutcome[]> {
    const weight = batches.reduce((sum, { covers }) => sum + 1 + covers.length, 0);
    if (weight > FEW_TO_WRITE) return this.#writeMany(batches);
    const sent = batches.map(({ key, series, covers, source, collectedAt, replaces }) => {
      const columns = pickColumns(series, columnNames(series));
      return { key, columns, covers, source, collectedAt, replaces };
    });
    const moved = columnBuffers(sent.map(({ columns }) => columns));
    return this.writer.call('write', [sent], moved);
  }

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    const columns = await this.reader.call('read', [query]);
    return CandleSeries.fromTrustedColumns(query.key, columns);
  }

  protected override _readColumns<C extends CandleColumn>(
    query: CheckedQuery,
    columns: readonly C[],
  ): Promise<SomeColumns<C>> {
    return this.reader.call('readColumns', [query, columns]);
  }

  protected override async _readMany(queries: readonly CheckedQuery[]): Promise<CandleSeries[]> {
    const answers: CandleSeries[] = [];
    for (const part of inParts(queries, () => 1)) {
      for (const [i, columns] of (await this.reader.call('readMany', [part])).entries()) {
        const key = part[i]?.key;
        if (key !== undefined) answers.push(CandleSeries.fromTrustedColumns(key, columns));
      }
    }
    return answers;
  }

  protected override async _snapshots(
    requests: readonly CheckedSnapshotRequest[],
  ): Promise<SeriesSnapshot[]> {
    const snapshots: SeriesSnapshot[] = [];
    for (const part of inParts(requests, ({ ranges }) => 1 + ranges.length)) {
      for (const [i, answer] of (await this.reader.call('snapshots', [part])).entries()) {
        const key = part[i]?.key;
        if (key === undefined) continue;
        const ranges = answer.ranges.map(({ revision, columns }) => ({
          revision,
          candles: columns && CandleSeries.fromTrustedColumns(key, columns),
        }));
        snapshots.push({ ...answer, key, ranges });
      }
    }
    return snapshots;
  }

  protected override _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
    return this.writer.call('remove', [key, range]);
  }

  protected override _revisions(key: SeriesKey, ranges: readonly Interval[]): Promise<string[]> {
    return this.reader.call('revisions', [key, ranges]);
  }

  protected override _announce(key: SeriesKey, range: Interval): Promise<void> {
    return this.writer.call('announce', [key, range]);
  }

  protected override _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
    return this.reader.call('list', [filter]);
  }

  protected override _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    return this.writer.call('addCoverage', [key, entry]);
  }

  protected override _coverageOf(key: SeriesKey, range: Interval): Promise<CoverageEntry[]> {
    return this.reader.call('coverageOf', [key, range]);
  }

  protected override _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
    return this.writer.call('removeCoverage', [key, range]);
  }

  protected override _getMetadata(key: string): Promise<string | undefined> {
    return this.reader.call('getMetadata', [key]);
  }

  protected override _setMetadata(key: string, text: string): Promise<void> {
    return this.writer.call('setMetadata', [key, text]);
  }

  protected override _deleteMetadata(key: string): Promise<boolean> {
    return this.writer.call('deleteMetadata', [key]);
  }

  protected override _metadataKeys(prefix: string): Promise<string[]> {
    return this.reader.call('metadataKeys', [prefix]);
  }

  protected override _size(): Promise<StorageSize> {
    return this.reader.call('size', []);
  }

  protected override _checkIntegrity(key: SeriesKey | undefined): Promise<IntegrityReport> {
    return this.apart('read-only', (own) => own.call('checkIntegrity', [key]));
  }

  protected override _quarantine(key: SeriesKey | undefined): Promise<QuarantineReport> {
    return this.apart('read-write', (own) => own.call('quarantine', [key]));
  }

  protected override _repair(key: SeriesKey | undefined): Promise<RepairReport> {
    return this.apart('read-write', (own) => own.call('repair', [key]));
  }

  protected override _explain(filter: SeriesFilter): Promise<CompactionReport> {
    return this.apart('read-only', (own) => own.call('explain', [filter]));
  }

  /** Step by step, so that other writes take their turns. */
  protected override async _compact(
    filter: SeriesFilter,
    signal: AbortSignal | undefined,
  ): Promise<CompactionReport> {
    const { reader, writer } = this;
    const keys = (await reader.call('list', [filter])).map(({ symbol, timeframe }) => ({
      symbol,
      timeframe,
    }));
    const before = await this.#figuresOf(keys);
    const changed = new Set<SeriesKey>();
    for (const key of keys) {
      for (let from: EpochMs | undefined = EVER.from; from !== undefined; ) {
        throwIfAborted(signal);
        // Closing does not wait for a compaction: the next one goes on where this one was.
        if (this.state !== 'open') break;
        const step: CompactionStep | undefined = await writer.call('compactSeries', [key, from]);
        if (step !== undefined && isChange(step)) changed.add(key);
        // One that changes something may begin before its cursor, in a segment made meanwhile.
        else if (step !== undefined && !(step.next > from)) throw standstill(key, from);
        from = step?.next;
      }
    }
    return comparedFigures(before, await this.#figuresOf(keys), changed);
  }

  protected override _fragmentation(tables: boolean): Promise<FragmentationReport> {
    if (!tables) return this.reader.call('fragmentation', [false]);
    return this.apart('read-only', (own) => own.call('fragmentation', [true]));
  }

  protected override _vacuum(signal: AbortSignal | undefined): Promise<VacuumReport> {
    return this.apart('read-write', (own) => own.call('vacuum', []), signal);
  }

  protected override _incrementalVacuum(pages: number): Promise<VacuumReport> {
    return this.writer.call('incrementalVacuum', [pages]);
  }

  protected override _analyze(): Promise<void> {
    return this.writer.call('analyze', []);
  }

  protected override _reindex(signal: AbortSignal | undefined): Promise<string[]> {
    return this.apart('read-write', (own) => own.call('reindex', []), signal);
  }

  protected override async _advise(): Promise<MaintenanceAdvice[]> {
    const advice = await this.apart('read-only', (own) => own.call('advise', []));
    return [...advice, ...slowQueryAdvice(await this._slowQueries())];
  }

  protected override async _slowQueries(): Promise<SlowQuery[]> {
    const all = await Promise.all(
      [this.writer, this.reader].map((engine) => engine.call('slowQueries', [])),
    );
    return [...new Set(all)].flat().sort((a, b) => a.at - b.at);
  }

  protected override _lease(request: LeaseRequest): Promise<boolean> {
    return this.writer.call('lease', [request, this.clock.now()]);
  }

  async #figuresOf(keys: readonly SeriesKey[]): Promise<SeriesFigures[]> {
    const all: SeriesFigures[] = [];
    for (const key of keys) {
      all.push({ key, figures: await this.writer.call('archiveFigures', [key]) });
    }
    return all;
  }

  async #writeMany(batches: readonly CheckedBatch[]): Promise<readonly BatchOutcome[]> {
    const packed = await runCooperatively(packBatches(batches));
    const moved = columnBuffers([packed.columns]);
    const outcomes = await this.writer.call('writePacked', [packed], moved);
    return runCooperatively(unpackOutcomes(outcomes));
  }

  /**
   * Has work done that may take long. Override it where other calls need not wait for it, and where it can
   * be ended, with nothing done, when the signal fires.
   */
  protected apart<T>(
    access: SqliteEngineOptions['access'],
    work: (engine: EngineCaller) => Promise<T>,
    _signal?: AbortSignal,
  ): Promise<T> {
    return work(access === 'read-only' ? this.reader : this.writer);
  }
}

/** Cuts a list into parts of a bounded weight; an item that weighs more is a part of its own. */
function* inParts<T>(items: readonly T[], weigh: (item: T) => number): Generator<readonly T[]> {
  let start = 0;
  let weight = 0;
  for (const [i, item] of items.entries()) {
    weight += weigh(item);
    if (weight <= READS_PER_CALL || i === start) continue;
    yield items.slice(start, i);
    start = i;
    weight = weigh(item);
  }
  if (start < items.length) yield items.slice(start);
}
