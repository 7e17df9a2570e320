import {
  invalidInput,
  onlyKnownKeys,
  type SeriesKey,
  seriesKeyText,
  timeframeGrid,
  validateInterval,
  validateSymbol,
} from '@barkeep/core';
import { type IMarketDataStorage, refuseOtherUnits } from '@barkeep/storage';
import type { InvalidationSelector } from './contract/market-data-service.ts';
import type { CandlePageTier } from './pages/candle-page-tier.ts';
import { seriesTag } from './pages/page-tags.ts';
import { selectsSeries } from './series/selects-series.ts';
import type { SeriesDirectory } from './series/series-directory.ts';
import type { SeriesNotesStore } from './series/series-notes-store.ts';

const KNOWN = ['symbol', 'symbolPrefix', 'timeframe', 'tags', 'range'] as const;
/** As many tags as one invalidation of a cache takes, and calls of the storage that are made at a time. */
const AT_A_TIME = 256;

export interface InvalidationParts {
  readonly storage: IMarketDataStorage;
  readonly directory: SeriesDirectory;
  readonly notesStore: SeriesNotesStore;
  readonly tiers: readonly CandlePageTier[];
  readonly seriesTags: (key: SeriesKey) => readonly string[];
}

/**
 * Drops what is cached of the selected series: in this process at once, and, by the storage's change
 * feed, in every other one that hears it.
 */
export async function invalidateSeries(
  selector: InvalidationSelector,
  { storage, directory, notesStore, tiers, seriesTags }: InvalidationParts,
): Promise<void> {
  checkSelector(selector);
  directory.forget(selector);
  const { symbol, timeframe, range } = selector;
  const stored = await storage.candles.list({ symbol, timeframe });
  const keys = new Map<string, SeriesKey>();
  for (const key of [...stored, ...directory.keys(), ...namedSeries(selector)]) {
    if (selectsSeries(selector, key, seriesTags)) keys.set(seriesKeyText(key), key);
  }
  const selected = [...keys.values()];
  for (let start = 0; start < selected.length; start += AT_A_TIME) {
    const some = selected.slice(start, start + AT_A_TIME);
    if (range === undefined) {
      await Promise.all(some.map((key) => notesStore.forgetHistoryStart(key)));
    }
    await Promise.all(some.map((key) => storage.changes.announce(key, range)));
    if (range !== undefined) continue;
    for (const tier of tiers) await tier.forget(some.map(seriesTag));
  }
  // Again: an announcement looks like a write of the current candle.
  directory.forget(selector);
}

/** Others may have something cached of a series that is neither stored nor known here. */
function namedSeries({ symbol, timeframe }: InvalidationSelector): SeriesKey[] {
  return symbol === undefined || timeframe === undefined ? [] : [{ symbol, timeframe }];
}

function checkSelector(selector: InvalidationSelector): void {
  onlyKnownKeys(selector, KNOWN, 'selector');
  const { symbol, symbolPrefix, timeframe, tags, range } = selector;
  if (symbol !== undefined) validateSymbol(symbol);
  if (symbolPrefix !== undefined) validateSymbol(symbolPrefix);
  if (timeframe !== undefined) timeframeGrid(timeframe);
  if (
    tags !== undefined &&
    !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))
  ) {
    throw invalidInput({ field: 'tags', rule: 'must be an array of strings', value: tags });
  }
  if (range === undefined) return;
  validateInterval(range, 'range');
  refuseOtherUnits(range, timeframe);
}
