import { type Candle, CandleSeries } from '@barkeep/core';
import type { CheckedQuery, SeriesFilter, SeriesInfo } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { type ReferenceSeries, ReferenceStorage } from './reference-storage.ts';

export const readBugs: readonly PlantedStorageBug[] = [
  selecting('leaks past the limit', 'model/commands', (query) => ({
    ...query,
    limit: query.limit + 1,
  })),
  selecting('includes the end', 'model/commands', (query) => ({ ...query, to: query.to + 1 })),
  selecting('excludes the start', 'model/commands', (query) => ({
    ...query,
    from: query.from + 1,
  })),
  selecting('always takes the first', 'model/commands', (query) => ({
    ...query,
    take: 'first',
  })),
  selecting('always takes the last', 'model/commands', (query) => ({
    ...query,
    take: 'last',
  })),
  selecting('clips times before 1970', 'sizes/all-of-time', (query) => ({
    ...query,
    from: Math.max(1, query.from),
  })),
  plantBug(
    'limits before it cuts the range',
    'model/commands',
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
    'model/commands',
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
    'model/commands',
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
    'model/commands',
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
    'model/commands',
    class extends ReferenceStorage {
      protected override async _list(filter: SeriesFilter): Promise<SeriesInfo[]> {
        return [...this.data.series.values()]
          .filter(({ key }) => this.matches(key, filter))
          .map((series) => this.describe(series));
      }
    },
  ),
  plantBugOutside('takes limit zero for none', 'model/commands', ({ candles }) => ({
    candles: {
      ...candles,
      read: ({ limit, ...query }, options) =>
        candles.read({ ...query, limit: limit || undefined }, options),
    },
  })),
  plantBugOutside('takes a negative limit for none', 'input/queries', ({ candles }) => ({
    candles: {
      ...candles,
      read: (query, options) => {
        const { limit, ...rest } = query ?? {};
        return candles.read(limit !== undefined && limit < 0 ? rest : query, options);
      },
    },
  })),
  plantBugOutside('swaps from and to', 'input/queries', ({ candles }) => ({
    candles: {
      ...candles,
      read: (query, options) => {
        const { from = 0, to = from } = query;
        return candles.read(from > to ? { ...query, from: to, to: from } : query, options);
      },
    },
  })),
  plantBugOutside('ignores unknown filters', 'input/queries', ({ candles }) => ({
    candles: {
      ...candles,
      list: (filter, options) =>
        candles.list({ symbol: filter?.symbol, timeframe: filter?.timeframe }, options),
    },
  })),
  plantBugOutside('lists in order of writing', 'model/commands', ({ candles }) => ({
    candles: {
      ...candles,
      list: async (filter, options) => (await candles.list(filter, options)).reverse(),
    },
  })),
  plantBugOutside('leaves out empty answers', 'model/commands', ({ candles }) => ({
    candles: {
      ...candles,
      readMany: async (queries, options) =>
        (await candles.readMany(queries, options)).filter(({ length }) => length > 0),
    },
  })),
  plantBugOutside('repeats the seam of chunks', 'model/commands', ({ candles }) => ({
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
  plantBugOutside('reads all before it scans', 'scan/meanwhile', ({ candles }) => ({
    candles: {
      ...candles,
      scan: async function* ({ chunkSize = 16_384, ...query }, options) {
        const all = await candles.read(query, options);
        for (let i = 0; i < all.length; i += chunkSize) yield all.slice(i, i + chunkSize);
      },
    },
  })),
  plantBugOutside('scans in one chunk', 'sizes/large', ({ candles }) => ({
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
