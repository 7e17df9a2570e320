import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Candle,
  CandleSeries,
  fileFailure,
  type Interval,
  type SeriesKey,
  seriesKeyText,
  systemCode,
} from '@barkeep/core';
import {
  AbstractMarketDataStorage,
  type AbstractStorageOptions,
  addCoverageEntry,
  type BatchOutcome,
  type CheckedBatch,
  type CheckedQuery,
  type CoverageEntry,
  coverageWithin,
  matchesFilter,
  mergeBatch,
  type RemovalOutcome,
  removeCoverageRange,
  type SeriesContent,
  type SeriesFilter,
  type SeriesInfo,
  type StorageSize,
  selectCandles,
  seriesInfo,
  withoutCandles,
} from '@barkeep/storage';

interface Content {
  readonly series: ReadonlyMap<string, SeriesContent>;
  readonly documents: ReadonlyMap<string, string>;
}

/** A series as it stands in the file. */
type Row = readonly [SeriesKey, readonly Candle[], readonly CoverageEntry[]];

const NOTHING: Content = { series: new Map(), documents: new Map() };

/** Candles in a file of JSON, which each write replaces: the smallest storage that keeps anything. */
export class ArrayStorage extends AbstractMarketDataStorage {
  readonly #path: string;
  #content = NOTHING;
  #bytes = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ path, ...options }: AbstractStorageOptions & { readonly path: string }) {
    super('array-storage', { durability: 'power-loss' }, options);
    this.#path = path;
  }

  protected override async _open(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8');
      const { series, documents } = JSON.parse(text) as { series: Row[]; documents: [] };
      this.#bytes = text.length;
      this.#content = {
        series: new Map(
          series.map(([key, candles, coverage]) => {
            return [seriesKeyText(key), { candles: CandleSeries.from(key, candles), coverage }];
          }),
        ),
        documents: new Map(documents),
      };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileFailure(error, this.#path, 'CANNOT_OPEN');
    }
  }

  protected override async _close(): Promise<void> {
    await this.#turn;
  }

  protected override _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
    return this.#change(({ series }) =>
      batches.map((batch) => {
        const { content, outcome } = mergeBatch(batch, this.#of(batch.key, series));
        series.set(seriesKeyText(batch.key), content);
        return outcome;
      }),
    );
  }

  protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
    return selectCandles(this.#of(query.key).candles, query);
  }

  protected override _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
    return this.#change(({ series }) => {
      const { candles, coverage } = this.#of(key, series);
      const left = withoutCandles(candles, range);
      const content = { candles: left, coverage: removeCoverageRange(coverage, range) };
      series.set(seriesKeyText(key), content);
      return { removed: candles.length - left.length };
    });
  }

  protected override async _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
    return [...this.#content.series.values()]
      .filter(({ candles }) => candles.length > 0 && matchesFilter(filter, candles.key))
      .map(({ candles }) => seriesInfo(candles));
  }

  protected override _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    return this.#changeCoverage(key, (coverage) => addCoverageEntry(coverage, entry));
  }

  protected override async _coverageOf(key: SeriesKey, range: Interval): Promise<CoverageEntry[]> {
    return coverageWithin(this.#of(key).coverage, range.from, range.to);
  }

  protected override _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
    return this.#changeCoverage(key, (coverage) => removeCoverageRange(coverage, range));
  }

  protected override async _getMetadata(key: string): Promise<string | undefined> {
    return this.#content.documents.get(key);
  }

  protected override _setMetadata(key: string, text: string): Promise<void> {
    return this.#change(({ documents }) => void documents.set(key, text));
  }

  protected override _deleteMetadata(key: string): Promise<boolean> {
    return this.#change(({ documents }) => documents.delete(key));
  }

  protected override async _metadataKeys(prefix: string): Promise<string[]> {
    return [...this.#content.documents.keys()].filter((key) => key.startsWith(prefix));
  }

  protected override async _size(): Promise<StorageSize> {
    const series = await this._list({});
    const candles = series.reduce((sum, { count }) => sum + count, 0);
    return { series: series.length, candles, bytes: this.#bytes };
  }

  #of(key: SeriesKey, series = this.#content.series): SeriesContent {
    return series.get(seriesKeyText(key)) ?? { candles: CandleSeries.empty(key), coverage: [] };
  }

  #changeCoverage(
    key: SeriesKey,
    change: (coverage: readonly CoverageEntry[]) => CoverageEntry[],
  ): Promise<void> {
    return this.#change(({ series }) => {
      const { candles, coverage } = this.#of(key, series);
      series.set(seriesKeyText(key), { candles, coverage: change(coverage) });
    });
  }

  /** One change after the other, each of which is on the disk before it shows. */
  #change<T>(
    work: (draft: { series: Map<string, SeriesContent>; documents: Map<string, string> }) => T,
  ): Promise<T> {
    const result = this.#turn.then(async () => {
      const { series, documents } = this.#content;
      const draft = { series: new Map(series), documents: new Map(documents) };
      const answer = work(draft);
      await this.#save(draft);
      this.#content = draft;
      return answer;
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #save({ series, documents }: Content): Promise<void> {
    const rows = Array.from(series.values(), ({ candles, coverage }): Row => {
      return [candles.key, candles.toArray(), coverage];
    });
    const text = JSON.stringify({ series: rows, documents: [...documents] });
    try {
      const file = await open(`${this.#path}.new`, 'w');
      await file
        .writeFile(text)
        .then(() => file.sync())
        .finally(() => file.close());
      await rename(`${this.#path}.new`, this.#path);
      const directory = await open(dirname(this.#path), 'r');
      await directory.sync().finally(() => directory.close());
    } catch (error) {
      throw fileFailure(error, this.#path);
    }
    this.#bytes = text.length;
  }
}
