import { type Candle, CandleSeries } from '@barkeep/core';
import type { CheckedQuery, SeriesFilter, SeriesInfo } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { type ReferenceSeries, ReferenceStorage } from './reference-storage.ts';

export const readBugs: readonly PlantedStorageBug[] = [
  selecting('leaks past the limit', 'read/limit-one', (query) => ({
    ...query,
    limit: query.limit + 1,
  })),
  selecting('includes the end', 'read/to-exclusive', (query) => ({ ...query, to: query.to + 1 })),
  selecting('excludes the start', 'read/from-inclusive', (query) => ({
    ...query,
    from: query.from + 1,
  })),
  selecting('always takes the first', 'read/take-last-by-default', (query) => ({
    ...query,
    take: 'first',
  })),
  selecting('always takes the last', 'read/take-first-after-from', (query) => ({
    ...query,
    take: 'last',
  })),
  selecting('clips times before 1970', 'values/first-and-last-instant', (query) => ({
    ...query,
    from: Math.max(1, query.from),
  })),
  plantBug(
    'limits before it cuts the range',
    'read/take-last-before-to',
    class extends ReferenceStorage {
      protected override select({ key, from, to, limit, take }: CheckedQuery): Candle[] {
        const ever = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
        return super
          .select({ key, ...ever, limit, take })
          .filter(({ timestamp }) => from <= timestamp && timestamp < to);
      }
    },
  ),
  plantBug(
    'answers latest first',
    'read/take-last',
    class extends ReferenceStorage {
      protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
        const series = await super._read(query);
        if (query.take === 'first') return series;
        const { timestamp, open, high, low, close, volume } = series;
        return CandleSeries.fromTrustedColumns(query.key, {
          timestamp: timestamp.toReversed(),
          open: open.toReversed(),
          high: high.toReversed(),
          low: low.toReversed(),
          close: close.toReversed(),
          volume: volume.toReversed(),
        });
      }
    },
  ),
  plantBug(
    'hands out its own memory',
    'read/own-memory',
    class extends ReferenceStorage {
      readonly #answers = new Map<string, CandleSeries>();

      protected override async _read(query: CheckedQuery): Promise<CandleSeries> {
        const name = JSON.stringify(query);
        const answer = this.#answers.get(name) ?? (await super._read(query));
        this.#answers.set(name, answer);
        return answer;
      }
    },
  ),
  plantBug(
    'forgets to count removed candles',
    'list/kept-true',
    class extends ReferenceStorage {
      readonly #most = new Map<ReferenceSeries, number>();

      protected override describe(series: ReferenceSeries): SeriesInfo {
        const info = super.describe(series);
        const count = Math.max(info.count, this.#most.get(series) ?? 0);
        this.#most.set(series, count);
        return { ...info, count };
      }
    },
  ),
  plantBug(
    'lists empty series',
    'remove/series',
    class extends ReferenceStorage {
      protected override async _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
        return [...this.data.series.values()]
          .filter(({ key }) => this.matches(key, filter))
          .map((series) => this.describe(series));
      }
    },
  ),
  plantBugOutside('takes limit zero for none', 'read/limit-zero', ({ candles }) => ({
    candles: {
      ...candles,
      read: ({ limit, ...query }, options) =>
        candles.read({ ...query, limit: limit || undefined }, options),
    },
  })),
  plantBugOutside('takes a negative limit for none', 'invalid/limit', ({ candles }) => ({
    candles: {
      ...candles,
      read: (query, options) => {
        const { limit, ...rest } = query ?? {};
        return candles.read(limit !== undefined && limit < 0 ? rest : query, options);
      },
    },
  })),
  plantBugOutside('swaps from and to', 'invalid/from', ({ candles }) => ({
    candles: {
      ...candles,
      read: (query, options) => {
        const { from = 0, to = from } = query;
        return candles.read(from > to ? { ...query, from: to, to: from } : query, options);
      },
    },
  })),
  plantBugOutside('ignores unknown filters', 'invalid/filter', ({ candles }) => ({
    candles: {
      ...candles,
      list: (filter, options) =>
        candles.list({ symbol: filter?.symbol, timeframe: filter?.timeframe }, options),
    },
  })),
  plantBugOutside('lists in order of writing', 'list/order', ({ candles }) => ({
    candles: {
      ...candles,
      list: async (filter, options) => (await candles.list(filter, options)).reverse(),
    },
  })),
  plantBugOutside('leaves out empty answers', 'read-many/order', ({ candles }) => ({
    candles: {
      ...candles,
      readMany: async (queries, options) =>
        (await candles.readMany(queries, options)).filter(({ length }) => length > 0),
    },
  })),
  plantBugOutside('repeats the seam of chunks', 'scan/chunks', ({ candles }) => ({
    candles: {
      ...candles,
      scan: async function* (query, options) {
        let last: CandleSeries | undefined;
        for await (const chunk of candles.scan(query, options)) {
          yield last === undefined ? chunk : CandleSeries.concat(chunk.key, [last, chunk]);
          last = chunk.slice(-1);
        }
      },
    },
  })),
  plantBugOutside('reads all before it scans', 'scan/sees-later-writes', ({ candles }) => ({
    candles: {
      ...candles,
      scan: async function* ({ chunkSize = 16_384, ...query }, options) {
        const all = await candles.read(query, options);
        for (let i = 0; i < all.length; i += chunkSize) yield all.slice(i, i + chunkSize);
      },
    },
  })),
  plantBugOutside('scans in one chunk', 'scan/default-chunk', ({ candles }) => ({
    candles: {
      ...candles,
      scan: (query, options) => candles.scan({ chunkSize: 1_000_000, ...query }, options),
    },
  })),
];

/** Asks for something other than the query says. */
function selecting(
  name: string,
  caughtBy: string,
  instead: (query: CheckedQuery) => CheckedQuery,
): PlantedStorageBug {
  return plantBug(
    name,
    caughtBy,
    class extends ReferenceStorage {
      protected override select(query: CheckedQuery): Candle[] {
        return super.select(instead(query));
      }
    },
  );
}
