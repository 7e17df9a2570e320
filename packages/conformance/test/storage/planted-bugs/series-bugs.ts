import type { Interval, SeriesKey } from '@barkeep/core';
import type { RemovalOutcome, SeriesFilter } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug } from './plant-bug.ts';
import { ReferenceStorage } from './reference-storage.ts';

export const seriesBugs: readonly PlantedStorageBug[] = [
  naming('ignores case', 'model/commands', (symbol) => symbol.toLowerCase()),
  naming('trims symbols', 'model/commands', (symbol) => symbol.trim()),
  naming('normalizes unicode', 'model/commands', (symbol) => symbol.normalize('NFKC')),
  naming('cuts long symbols', 'model/commands', (symbol) => symbol.slice(0, 255)),
  naming('cuts at a colon', 'model/commands', (symbol) => symbol.split(':')[0] ?? symbol),
  naming('drops quotes', 'model/commands', (symbol) => symbol.replace(/['"`]/g, "'")),
  naming('keeps series in an object', 'sizes/symbols', (symbol) =>
    symbol in {} ? 'function Object() { [native code] }' : symbol,
  ),
  naming('expands globs', 'model/commands', (symbol) => symbol.replace(/[*?]$/, '')),
  plantBug(
    'mixes timeframes',
    'model/commands',
    class extends ReferenceStorage {
      protected override nameOf({ symbol, timeframe }: SeriesKey): string {
        return super.nameOf({ symbol, timeframe: timeframe === '60s' ? '1m' : timeframe });
      }
    },
  ),
  plantBug(
    'takes no notice of where periods begin',
    'model/commands',
    class extends ReferenceStorage {
      protected override nameOf({ symbol, timeframe }: SeriesKey): string {
        return `${timeframe.split('@')[0]}:${symbol}`;
      }
    },
  ),
  plantBug(
    'matches wildcards',
    'model/commands',
    class extends ReferenceStorage {
      protected override matches(key: SeriesKey, filter: SeriesFilter): boolean {
        if (filter.symbol === undefined) return super.matches(key, filter);
        const pattern = filter.symbol
          .replaceAll(/[*?[\]().+${}|\\^-]/g, '\\$&')
          .replaceAll('%', '.*')
          .replaceAll('_', '.');
        const symbol = new RegExp(`^${pattern}$`, 'su').test(key.symbol)
          ? filter.symbol
          : key.symbol;
        return super.matches({ ...key, symbol }, filter);
      }
    },
  ),
  plantBug(
    'mixes prefixes',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const removal = await super._remove(key, range);
        for (const { key: other } of this.data.series.values()) {
          if (other.symbol.startsWith(key.symbol)) await super._remove(other, range);
        }
        return removal;
      }
    },
  ),
  plantBug(
    'removes all timeframes',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const removal = await super._remove(key, range);
        for (const { key: other } of this.data.series.values()) {
          if (other.symbol === key.symbol) await super._remove(other, range);
        }
        return removal;
      }
    },
  ),
  plantBug(
    'removes the end too',
    'model/commands',
    class extends ReferenceStorage {
      protected override _remove(key: SeriesKey, { from, to }: Interval): Promise<RemovalOutcome> {
        return super._remove(key, { from, to: to + 1 });
      }
    },
  ),
  plantBug(
    'removes what comes back',
    'model/reopen',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const before = structuredClone(this.seriesOf(key));
        const removal = await super._remove(key, range);
        this.#deleted.push(before);
        return removal;
      }

      protected override async _close(): Promise<void> {
        for (const series of this.#deleted) this.data.series.set(this.nameOf(series.key), series);
      }

      readonly #deleted: ReturnType<ReferenceStorage['seriesOf']>[] = [];
    },
  ),
  plantBug(
    'counts removed coverage',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
        const { removed } = await super._remove(key, range);
        return { removed: Math.max(1, removed) };
      }
    },
  ),
];

/** Takes different symbols for one. */
function naming(
  name: string,
  caughtBy: string,
  fold: (symbol: string) => string,
): PlantedStorageBug {
  return plantBug(
    name,
    caughtBy,
    class extends ReferenceStorage {
      protected override nameOf({ symbol, timeframe }: SeriesKey): string {
        return super.nameOf({ symbol: fold(symbol), timeframe });
      }
    },
  );
}
