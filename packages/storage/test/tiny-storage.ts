import { CandleSeries, ManualClock, type SeriesKey, seriesKeyText } from '@barkeep/core';
import {
  AbstractMarketDataStorage,
  addCoverageEntry,
  type BatchOutcome,
  type ChangeEvent,
  type CheckedBatch,
  type CheckedQuery,
  type CoverageEntry,
  type RemovalOutcome,
  removeCoverageRange,
  type SeriesInfo,
  type StorageCapabilities,
  type StorageSize,
  uncoveredPart,
} from '@barkeep/storage';

const CAPABILITIES: StorageCapabilities = {
  durability: 'volatile',
  changes: 'process',
  sharing: 'exclusive',
  platforms: ['node', 'browser'],
  revisions: false,
  integrity: false,
  maintenance: false,
  backup: false,
};

/** The smallest storage: a series per key, and a record of everything the base hands down. */
export class TinyStorage extends AbstractMarketDataStorage {
  /** The calls received, as `[method, ...arguments]`. */
  readonly received: (readonly [method: string, ...args: unknown[]])[] = [];
  override readonly clock: ManualClock;
  /** While set, every call waits for it: to see what happens to calls under way. */
  gate: Promise<void> = Promise.resolve();
  readonly #series = new Map<string, CandleSeries>();
  readonly #coverage = new Map<string, CoverageEntry[]>();
  readonly #documents = new Map<string, string>();

  constructor(capabilities: Partial<StorageCapabilities> = {}, clock = new ManualClock()) {
    super('tiny', { ...CAPABILITIES, ...capabilities }, { clock });
    this.clock = clock;
  }

  /** As an adapter does when another process has changed the data. */
  hearOfChange(event: ChangeEvent): void {
    this.publish(event);
  }

  protected override _open(): Promise<void> {
    return this.#receive('_open');
  }

  protected override _close(): Promise<void> {
    return this.#receive('_close');
  }

  protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
    await this.#receive('_write', batches);
    return batches.map((batch) => {
      const text = seriesKeyText(batch.key);
      const before = this.#series.get(text) ?? CandleSeries.empty(batch.key);
      const { series, covers } = uncoveredPart(batch, this.#ledger(text));
      const after = CandleSeries.merge(before, series);
      this.#series.set(text, after);
      for (const it of covers) {
        const { source, collectedAt } = batch;
        this.#coverage.set(
          text,
          addCoverageEntry(this.#ledger(text), { ...it, source, collectedAt }),
        );
      }
      const inserted = after.length - before.length;
      const updated = series.length - inserted;
      const unchanged = batch.series.length - series.length;
      return { inserted, updated, unchanged, changed: series.extent };
    });
  }

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    await this.#receive('_read', query);
    const { key, from, to, limit, take } = query;
    const found = (this.#series.get(seriesKeyText(key)) ?? CandleSeries.empty(key)).between(
      from,
      to,
    );
    if (found.length <= limit) return found;
    return take === 'first' ? found.slice(0, limit) : found.slice(-limit);
  }

  protected override async _remove(key: SeriesKey, range: CoverageRange): Promise<RemovalOutcome> {
    await this.#receive('_remove', key, range);
    const text = seriesKeyText(key);
    const before = this.#series.get(text) ?? CandleSeries.empty(key);
    const removed = before.between(range.from, range.to).length;
    const kept = [
      before.between(Number.MIN_SAFE_INTEGER, range.from),
      before.between(range.to, Number.MAX_SAFE_INTEGER),
    ];
    this.#series.set(text, CandleSeries.concat(key, kept));
    this.#coverage.set(text, removeCoverageRange(this.#ledger(text), range));
    return { removed };
  }

  protected override _announce(key: SeriesKey, range: CoverageRange): Promise<void> {
    return this.#receive('_announce', key, range);
  }

  protected override async _list(filter: object): Promise<SeriesInfo[]> {
    await this.#receive('_list', filter);
    return [...this.#series.values()]
      .filter(({ length }) => length > 0)
      .filter((it) =>
        Object.entries(filter).every(([name, value]) => Object.is(Reflect.get(it, name), value)),
      )
      .map(({ symbol, timeframe, length, firstTimestamp, lastTimestamp }) => ({
        symbol,
        timeframe,
        count: length,
        first: firstTimestamp,
        last: lastTimestamp,
      }));
  }

  protected override async _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    await this.#receive('_addCoverage', key, entry);
    const text = seriesKeyText(key);
    this.#coverage.set(text, addCoverageEntry(this.#ledger(text), entry));
  }

  protected override async _coverageOf(
    key: SeriesKey,
    range: CoverageRange,
  ): Promise<CoverageEntry[]> {
    await this.#receive('_coverageOf', key, range);
    return this.#ledger(seriesKeyText(key));
  }

  protected override async _removeCoverage(key: SeriesKey, range: CoverageRange): Promise<void> {
    await this.#receive('_removeCoverage', key, range);
    const text = seriesKeyText(key);
    this.#coverage.set(text, removeCoverageRange(this.#ledger(text), range));
  }

  protected override async _getMetadata(key: string): Promise<string | undefined> {
    await this.#receive('_getMetadata', key);
    return this.#documents.get(key);
  }

  protected override async _setMetadata(key: string, text: string): Promise<void> {
    await this.#receive('_setMetadata', key, text);
    this.#documents.set(key, text);
  }

  protected override async _deleteMetadata(key: string): Promise<boolean> {
    await this.#receive('_deleteMetadata', key);
    return this.#documents.delete(key);
  }

  protected override async _metadataKeys(prefix: string): Promise<string[]> {
    await this.#receive('_metadataKeys', prefix);
    return [...this.#documents.keys()].filter((key) => key.startsWith(prefix));
  }

  protected override async _size(): Promise<StorageSize> {
    await this.#receive('_size');
    return { series: this.#series.size, candles: 0, bytes: 0 };
  }

  #receive(method: string, ...args: readonly unknown[]): Promise<void> {
    this.received.push([method, ...args]);
    return this.gate;
  }

  #ledger(text: string): CoverageEntry[] {
    return this.#coverage.get(text) ?? [];
  }
}

interface CoverageRange {
  readonly from: number;
  readonly to: number;
}

/** An open TinyStorage that has not been called yet. */
export async function openTinyStorage(
  capabilities?: Partial<StorageCapabilities>,
): Promise<TinyStorage> {
  const storage = new TinyStorage(capabilities);
  await storage.open();
  storage.received.length = 0;
  return storage;
}
