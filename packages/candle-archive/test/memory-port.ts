/** A port over a few maps, which counts what it is asked for. */
import {
  type ArchiveChange,
  type ArchivePort,
  type ChangeLoad,
  type FoldLoad,
  isEnough,
  joinExtents,
  type LoadedCandles,
  type LoadedChange,
  type NewSegment,
  type ReadLoad,
  type SegmentId,
  type SeriesIdentity,
  type SeriesRow,
  type StateLoad,
  type StoredSegment,
  type SyncArchivePort,
} from '@barkeep/candle-archive';
import {
  type Candle,
  type CandleColumns,
  CandleSeries,
  type SeriesKey,
  seriesKeyText,
} from '@barkeep/core';
import { type CoverageEntry, EVER } from '@barkeep/storage';

interface Table {
  row: SeriesRow;
  readonly rows: Map<number, Candle>;
  segments: (StoredSegment & { readonly stored: NewSegment })[];
  ledger: CoverageEntry[];
  revision: string;
}

type Selection = Omit<ReadLoad, 'key' | 'series'>;

export class MemoryPort implements SyncArchivePort {
  readonly requests: string[] = [];
  readonly #tables = new Map<string, Table>();
  #lastId = 0;

  hold(loads: readonly ChangeLoad[]): (LoadedChange | undefined)[] {
    this.requests.push('hold');
    return loads.map((load) => {
      const table = load.creates ? this.#made(load.key) : this.table(load.key);
      if (table === undefined) return undefined;
      const [first, last] = [load.at[0], load.at.at(-1)];
      const isNear = ({ from, to }: CoverageEntry): boolean =>
        load.covered.some((range) => from <= range.to && to >= range.from);
      const found = { series: table.row, coverage: table.ledger.filter(isNear) };
      if (first === undefined || last === undefined) {
        return { ...found, segments: [], rows: CandleSeries.empty(load.key), areAllRows: true };
      }
      const all = table.segments;
      const before = all.findLastIndex((segment) => segment.last < first);
      const after = all.findIndex((segment) => segment.first > last);
      const end = after === -1 ? all.length : after;
      const segments = load.beside
        ? all.slice(Math.max(0, before), end + 1)
        : all.slice(before + 1, end);
      const reach = joinExtents({ first, last }, segments[0], segments.at(-1)) ?? { first, last };
      const most = load.mostRows + 1;
      const rows = rowsOf(table, {
        from: reach.first,
        to: reach.last + 1,
        limit: most,
        take: 'first',
      });
      if (rows.length < most) return { ...found, segments, rows, areAllRows: true };
      const wanted = new Set(load.at);
      const some = [...table.rows.values()].filter(({ timestamp }) => wanted.has(timestamp));
      return { ...found, segments, rows: CandleSeries.from(load.key, some), areAllRows: false };
    });
  }

  apply(changes: readonly ArchiveChange[]): number[] {
    this.requests.push('apply');
    return changes.map(({ series, ...change }) => {
      const table = this.#tableOf(series);
      const gone = new Set(change.removedSegments?.map(({ id }) => id));
      const added = (change.segments ?? []).map((segment) => {
        this.#lastId += 1;
        return { ...segment, id: this.#lastId, stored: segment };
      });
      table.segments = [...table.segments.filter(({ id }) => !gone.has(id)), ...added].sort(
        (a, b) => a.first - b.first,
      );
      let removed = 0;
      for (const { from, to } of change.removedRows ?? []) {
        for (const at of [...table.rows.keys()]) {
          if (from <= at && at < to && table.rows.delete(at)) removed += 1;
        }
      }
      for (const rows of change.rows ?? [])
        for (const one of rows) table.rows.set(one.timestamp, one);
      table.row = { ...table.row, ...change.counters };
      if (change.optional !== undefined) table.row = { ...table.row, optional: change.optional };
      const { removed: dropped = [], added: entries = [] } = change.coverage ?? {};
      table.ledger = [
        ...table.ledger.filter(({ from }) => !dropped.includes(from)),
        ...entries,
      ].sort((a, b) => a.from - b.from);
      for (const entry of change.log ?? []) {
        if (entry.kind === 'candles') table.revision = entry.renewal.revision;
      }
      return removed;
    });
  }

  read(loads: readonly ReadLoad[]): (LoadedCandles | undefined)[] {
    this.requests.push('read');
    return loads.map((load) => {
      const table = this.table(load.key);
      if (table === undefined) return undefined;
      const rows = rowsOf(table, load);
      const reaching = table.segments.filter(
        ({ first, last }) => first < load.to && last >= load.from,
      );
      if (load.take === 'last') reaching.reverse();
      const segments: typeof reaching = [];
      for (const segment of reaching) {
        if (isEnough(load, rows, segments)) break;
        segments.push(segment);
      }
      if (load.take === 'last') segments.reverse();
      return { series: table.row, rows, segments };
    });
  }

  states(loads: readonly StateLoad[]) {
    this.requests.push('states');
    return loads.map(({ key, ranges }) => {
      const table = this.table(key);
      const revisions = ranges.map(() => table?.revision ?? 'none');
      return { series: table?.row, revisions, coverage: table?.ledger ?? [] };
    });
  }

  find(key: SeriesKey): SeriesRow | undefined {
    this.requests.push('find');
    return this.table(key)?.row;
  }

  foldPage({ series, from, keepRows, mostRows, mostSegments }: FoldLoad) {
    this.requests.push('foldPage');
    const table = this.#tableOf(series);
    const horizon = [...table.rows.keys()].sort((a, b) => b - a)[keepRows - 1] ?? EVER.from;
    const segments = table.segments.filter(({ last }) => last >= from).slice(0, mostSegments);
    const rows = rowsOf(table, { from, to: horizon, limit: mostRows, take: 'first' });
    return { horizon, segments, rows };
  }

  rows(series: SeriesIdentity, selection: Selection): CandleColumns {
    this.requests.push('rows');
    return rowsOf(this.#tableOf(series), selection);
  }

  segments(series: SeriesIdentity, { from, to, limit, take }: Selection) {
    this.requests.push('segments');
    const found = this.#tableOf(series).segments.filter(
      ({ first, last }) => first < to && last >= from,
    );
    return take === 'first' ? found.slice(0, limit) : found.reverse().slice(0, limit);
  }

  extent(series: SeriesIdentity) {
    this.requests.push('extent');
    const table = this.#tableOf(series);
    const [first, last] = [Math.min(...table.rows.keys()), Math.max(...table.rows.keys())];
    return joinExtents(table.rows.size > 0 ? { first, last } : undefined, ...table.segments);
  }

  segmentIds(series: SeriesIdentity): SegmentId[] {
    this.requests.push('segmentIds');
    return this.#tableOf(series).segments.map(({ id, first }) => [id, first]);
  }

  stored(ids: readonly SegmentId[]): StoredSegment[] {
    this.requests.push('stored');
    const all = [...this.#tables.values()].flatMap(({ segments }) => segments);
    return ids.flatMap(([id]) => all.find((segment) => segment.id === id) ?? []);
  }

  table(key: SeriesKey): Table | undefined {
    return this.#tables.get(seriesKeyText(key));
  }

  #made(key: SeriesKey): Table {
    const known = this.table(key);
    if (known !== undefined) return known;
    const id = this.#tables.size + 1;
    const row = { id, key, count: 0, rowCount: 0, first: null, last: null, optional: [] };
    const table = { row, rows: new Map(), segments: [], ledger: [], revision: 'none' };
    this.#tables.set(seriesKeyText(key), table);
    return table;
  }

  #tableOf({ key }: SeriesIdentity): Table {
    return this.#made(key);
  }
}

/** The same, answering each request some time later. */
export function delayed(port: MemoryPort, delay: () => Promise<void>): ArchivePort {
  return new Proxy(port, {
    get:
      (target, name: keyof SyncArchivePort) =>
      async (...parameters: never[]) => {
        await delay();
        return Reflect.apply(target[name], target, parameters);
      },
  });
}

function rowsOf({ row, rows }: Table, { from, to, limit, take }: Selection): CandleSeries {
  const inside = [...rows.values()].filter(({ timestamp }) => from <= timestamp && timestamp < to);
  const all = CandleSeries.from(row.key, inside);
  return take === 'first' ? all.slice(0, limit) : all.slice(Math.max(0, all.length - limit));
}
