import {
  type Candle,
  type Interval,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
} from '@barkeep/core';
import type {
  CandleQuery,
  IMarketDataStorage,
  SnapshotPart,
  SnapshotRange,
} from '@barkeep/storage';
import { assertDefined, assertEqual, assertRejects } from '../../assertions.ts';
import { START, sampleCandle } from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import {
  MODEL_SERIES,
  type ModelQuery,
  type ModelRange,
  type ModelSnapshot,
  type ModelSnapshotRange,
  type ModelWrite,
  type StorageCommand,
} from './storage-command.ts';
import { type ModelBatch, StorageModel } from './storage-model.ts';
import { WatchedRange } from './watched-range.ts';

/** Parts of the periods that commands are about, and all of them. */
const WATCHED_PERIODS = [
  [0, 43],
  [5, 9],
  [20, 21],
] as const;

/** Takes a storage and the model through the same commands, and compares what they answer. */
export class StorageModelRun {
  readonly #model = new StorageModel();
  /** Keeps the names of this run apart from those of other runs on the same storage. */
  readonly #prefix: string;
  readonly #reopen: (storage: IMarketDataStorage) => Promise<IMarketDataStorage>;
  readonly #watched: readonly WatchedRange[];
  #storage: IMarketDataStorage;
  /** The revision of the latest snapshot, by series and range. */
  readonly #revisions = new Map<string, string>();
  /** The candles of every revision of a snapshot, by series, range and revision. */
  readonly #candlesOf = new Map<string, readonly Candle[]>();

  constructor(
    storage: IMarketDataStorage,
    prefix: string,
    reopen: (storage: IMarketDataStorage) => Promise<IMarketDataStorage>,
  ) {
    this.#storage = storage;
    this.#prefix = prefix;
    this.#reopen = reopen;
    this.#watched = [...MODEL_SERIES.keys()].flatMap((series) => {
      const key = this.#key(series);
      return WATCHED_PERIODS.map(
        ([from, to]) => new WatchedRange(key, { from: startOf(key, from), to: startOf(key, to) }),
      );
    });
  }

  async execute(commands: readonly StorageCommand[]): Promise<void> {
    for (const [i, command] of commands.entries()) {
      await this.#execute(command, `command ${i} (${command.kind})`);
      for (const watched of this.#watched) {
        watched.note(this.#model.read({ ...watched.key, ...watched.range }));
      }
    }
    await this.#compareAll();
    await this.#checkRevisions('in the end');
  }

  /** Leaves nothing behind, so that a storage does not grow from run to run. */
  async cleanUp(): Promise<void> {
    const { candles, metadata } = this.#storage;
    for (const i of MODEL_SERIES.keys()) await candles.remove(this.#key(i));
    for (const name of this.#model.documents.keys()) await metadata.delete(name);
  }

  async close(): Promise<void> {
    await this.#storage.close();
  }

  async #execute(command: StorageCommand, what: string): Promise<void> {
    const { candles, coverage, metadata } = this.#storage;
    switch (command.kind) {
      case 'write': {
        const batches = command.batches.map((write) => this.#batch(write));
        assertEqual(await candles.write(batches), this.#model.write(batches), what);
        return;
      }
      case 'write-at-once': {
        const batches = command.writes.map((write) => this.#batch(write));
        const results = await Promise.all(batches.map((batch) => candles.write(batch)));
        assertEqual(
          results,
          batches.map((batch) => this.#model.write([batch])),
          what,
        );
        return;
      }
      case 'write-invalid': {
        const batches = command.batches.map((write) => this.#batch(write));
        const bad = { key: this.#key(0), candles: [{ ...sampleCandle(START), high: -1 }] };
        await assertRejects(() => candles.write([...batches, bad]), 'INVALID_INPUT', what);
        return;
      }
      case 'read': {
        const query = this.#query(command.query);
        const series = await candles.read(query);
        assertEqual(series.toArray(), this.#model.read(query), what);
        return;
      }
      case 'read-column': {
        const [query, { column }] = [this.#query(command.query), command];
        const answer = await candles.readColumns(query, [column]);
        const expected = this.#model.read(query).map((candle) => candle[column]);
        assertEqual(answer, { [column]: Float64Array.from(expected) }, what);
        return;
      }
      case 'read-many': {
        const queries = command.queries.map((query) => this.#query(query));
        const answers = await candles.readMany(queries);
        assertEqual(
          answers.map((series) => series.toArray()),
          queries.map((query) => this.#model.read(query)),
          what,
        );
        return;
      }
      case 'scan': {
        const query = { ...this.#key(command.series), ...this.#range(command) };
        const chunks = await collect(candles.scan({ ...query, chunkSize: command.chunkSize }));
        const expected = this.#model.read(query);
        assertEqual(
          chunks.flatMap((chunk) => chunk.toArray()),
          expected,
          what,
        );
        const count = Math.ceil(expected.length / command.chunkSize);
        assertEqual(chunks.length, count, `${what}: the chunks`);
        return;
      }
      case 'remove': {
        const [key, range] = [this.#key(command.series), this.#optionalRange(command)];
        assertEqual(await candles.remove(key, range), this.#model.remove(key, range), what);
        return;
      }
      case 'cover': {
        const [key, range] = [this.#key(command.series), this.#range(command)];
        await coverage.add(key, range, { source: command.source });
        this.#model.cover(key, range, command.source);
        return;
      }
      case 'uncover': {
        const [key, range] = [this.#key(command.series), this.#optionalRange(command)];
        await coverage.remove(key, range);
        this.#model.uncover(key, range);
        return;
      }
      case 'missing': {
        const [key, range] = [this.#key(command.series), this.#range(command)];
        assertEqual(await coverage.missing(key, range), this.#model.missing(key, range), what);
        return;
      }
      case 'continuity': {
        const [key, asked] = [this.#key(command.series), this.#range(command)];
        const { range: _, missing, ...counts } = await coverage.continuity(key, asked);
        assertEqual(counts, this.#model.continuity(key, asked), what);
        assertEqual(missing, this.#model.missing(key, asked), `${what}: what is missing`);
        return;
      }
      case 'revisions':
        await this.#checkRevisions(what);
        return;
      case 'snapshots':
        await this.#checkSnapshots(command.requests, what);
        return;
      case 'announce': {
        const [key, range] = [this.#key(command.series), this.#optionalRange(command)];
        await this.#storage.changes.announce(key, range);
        return;
      }
      case 'set-document':
        await metadata.set(this.#prefix + command.name, command.value);
        this.#model.documents.set(this.#prefix + command.name, command.value);
        return;
      case 'delete-document': {
        const name = this.#prefix + command.name;
        assertEqual(await metadata.delete(name), this.#model.documents.delete(name), what);
        return;
      }
      case 'list-documents': {
        const prefix = this.#prefix + command.prefix;
        const names = [...this.#model.documents.keys()].filter((it) => it.startsWith(prefix));
        assertEqual(await metadata.keys(prefix), names.sort(), what);
        return;
      }
      case 'compact': {
        // Not every storage has something to compact; none may answer differently after it.
        const { maintenance } = this.#storage;
        const key = this.#key(command.series);
        const explained = await maintenance?.explain(key);
        assertEqual(await maintenance?.compact(key), explained, what);
        return;
      }
      case 'reopen':
        this.#storage = await this.#reopen(this.#storage);
        return;
    }
  }

  async #compareAll(): Promise<void> {
    const { candles, coverage, metadata } = this.#storage;
    for (const i of MODEL_SERIES.keys()) {
      const key = this.#key(i);
      const what = `${MODEL_SERIES[i]?.symbol} ${key.timeframe} in the end`;
      const series = await candles.read({ ...key });
      assertEqual(series.toArray(), this.#model.read({ ...key }), `${what}: candles`);
      assertEqual(await candles.list({ ...key }), this.#model.list(key), `${what}: the list`);
      const ledger = await coverage.of(key);
      assertEqual(
        ledger.map(({ from, to, source }) => ({ from, to, source })),
        this.#model.coverage(key),
        `${what}: coverage`,
      );
    }
    for (const [name, value] of this.#model.documents) {
      assertEqual(await metadata.get(name), value, `the document ${name} in the end`);
    }
  }

  async #checkRevisions(what: string): Promise<void> {
    const { candles, capabilities } = this.#storage;
    const bySeries = Map.groupBy(this.#watched, ({ key }) => key);
    for (const [key, watched] of bySeries) {
      const ranges = watched.map(({ range }) => range);
      const [snapshot] = await candles.snapshots([{ ...key, ranges }]);
      const texts = snapshot?.ranges.map(({ revision }) => revision) ?? [];
      if (capabilities.revisions) {
        assertEqual(await candles.revisions(key, ranges), texts, `${what}: those of a snapshot`);
      }
      for (const [i, { range }] of watched.entries()) {
        watched[i]?.check(
          assertDefined(texts[i], `${what}: a revision`),
          `${what}: ${key.symbol} ${key.timeframe} from ${range.from}`,
        );
      }
    }
  }

  async #checkSnapshots(asked: readonly ModelSnapshot[], what: string): Promise<void> {
    const requests = asked.map(({ series, ranges }) => ({
      ...this.#key(series),
      ranges: ranges.map((range) => this.#snapshotRange(series, range)),
    }));
    const snapshots = await this.#storage.candles.snapshots(requests);
    assertEqual(snapshots.length, requests.length, `${what}: how many there are`);
    for (const [i, { symbol, timeframe, ranges }] of requests.entries()) {
      const key = { symbol, timeframe };
      const { coverage, ranges: parts, ...rest } = assertDefined(snapshots[i], what);
      assertEqual(rest, { key, extent: this.#model.extent(key) }, `${what}: the extent`);
      assertEqual(
        coverage.map(({ from, to, source }) => ({ from, to, source })),
        this.#model.coverage(key),
        `${what}: the coverage`,
      );
      assertEqual(parts.length, ranges.length, `${what}: how many ranges there are`);
      for (const [j, range] of ranges.entries()) {
        this.#checkPart(key, range, assertDefined(parts[j], what), `${what}: range ${j}`);
      }
    }
  }

  /** A revision is held against what becomes of its range, with those of all snapshots before. */
  #checkPart(
    key: SeriesKey,
    { candles, limit, take, ...bounds }: SnapshotRange,
    part: SnapshotPart,
    what: string,
  ): void {
    const name = rangeName(key, bounds);
    this.#revisions.set(name, part.revision);
    const all = this.#model.read({ ...key, ...bounds });
    const known = this.#candlesOf.get(`${name} ${part.revision}`) ?? all;
    assertEqual(all, known, `${what}: the candles of the revision`);
    this.#candlesOf.set(`${name} ${part.revision}`, all);
    const isWanted =
      typeof candles === 'object' ? candles.unless !== part.revision : candles === 'always';
    const expected = isWanted ? this.#model.read({ ...key, ...bounds, limit, take }) : undefined;
    assertEqual(part.candles?.toArray(), expected, `${what}: the candles`);
  }

  #snapshotRange(series: number, { candles, ...rest }: ModelSnapshotRange): SnapshotRange {
    const { symbol, timeframe, ...query } = this.#query({ series, ...rest });
    const latest = this.#revisions.get(rangeName({ symbol, timeframe }, query));
    if (candles === 'has-others') return { ...query, candles: { unless: 'others' } };
    if (candles === 'has-latest') return { ...query, candles: { unless: latest ?? '' } };
    return { ...query, candles };
  }

  #key(series: number): SeriesKey {
    const { symbol, timeframe } = MODEL_SERIES[series] ?? { symbol: 'A', timeframe: '1m' };
    return { symbol: this.#prefix + symbol, timeframe };
  }

  #batch({ series, candles, covers, source, replaces }: ModelWrite): ModelBatch {
    const key = this.#key(series);
    return {
      key,
      candles: candles.map(({ period, version }) => sampleCandle(startOf(key, period), version)),
      covers: covers && this.#range({ series, range: covers }),
      source,
      replaces,
    };
  }

  #query({ series, range, limit, take }: ModelQuery): CandleQuery {
    const key = this.#key(series);
    return {
      ...key,
      from: boundOf(key, range.from, range.fromOff),
      to: boundOf(key, range.to, range.toOff),
      limit,
      take,
    };
  }

  #range({ series, range }: { readonly series: number; readonly range: ModelRange }): Interval {
    const key = this.#key(series);
    const off = (isOff: boolean): number => (isOff ? 1 : 0);
    return {
      from: startOf(key, range.from) + off(range.fromOff),
      to: startOf(key, range.to) + off(range.toOff),
    };
  }

  #optionalRange(command: {
    readonly series: number;
    readonly range: ModelRange | undefined;
  }): Interval | undefined {
    const { series, range } = command;
    return range && this.#range({ series, range });
  }
}

function rangeName(key: SeriesKey, { from, to }: Pick<SnapshotRange, 'from' | 'to'>): string {
  return `${seriesKeyText(key)} ${from} ${to}`;
}

function startOf({ timeframe }: SeriesKey, period: number): number {
  return timeframeGrid(timeframe).shift(START, period);
}

function boundOf(
  key: SeriesKey,
  period: number | undefined,
  isOff: boolean | undefined,
): number | undefined {
  return period === undefined ? undefined : startOf(key, period) + (isOff ? 1 : 0);
}
