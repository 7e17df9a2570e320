import {
  type EpochMs,
  type IntervalSet,
  intersectIntervals,
  isTimeframe,
  type JsonValue,
  type SeriesKey,
} from '@barkeep/core';
import { EVER, type IMarketDataStorage } from '@barkeep/storage';
import type { KnownSnapshot } from './known-snapshot.ts';
import { seriesDocumentKey } from './series-document.ts';
import type { SeriesState } from './series-state.ts';

/** No floor: the series begins where the market does. */
export const NO_FLOOR: EpochMs = Number.NEGATIVE_INFINITY;

/** What of a set lies at the floor or after it. */
export function fromFloor(set: IntervalSet, floor: EpochMs): IntervalSet {
  return floor === NO_FLOOR ? set : intersectIntervals(set, [{ from: floor, to: EVER.to }]);
}

/** The floor of a series, as it is kept in the storage's metadata. */
export interface FloorNote {
  readonly key: SeriesKey;
  /** `NO_FLOOR` while one is given up. */
  readonly floor: EpochMs;
  /** What was to be kept when it was last decided, in milliseconds; `Infinity`: everything. */
  readonly keepMs: number;
  /** Whether it has moved, and others may not have been told. */
  readonly isUntold: boolean;
}

const PREFIX = 'retention/';
/** How often a floor is read again because the series changed meanwhile. */
const MAX_ATTEMPTS = 3;

/**
 * Where retention lets each series begin, as documents in the storage's metadata: apart from other notes,
 * which every service writes, so that none writes over a floor.
 */
export class SeriesFloors {
  readonly #storage: IMarketDataStorage;
  /** Snapshots after which the floor of their series was read. */
  readonly #confirmed = new WeakSet<KnownSnapshot>();

  constructor(storage: IMarketDataStorage) {
    this.#storage = storage;
  }

  /** The floor as it is known here, read when it is not. */
  async of(series: SeriesState): Promise<EpochMs> {
    return series.floor ?? this.renew(series);
  }

  /** The floor as the storage has it now. */
  async renew(series: SeriesState): Promise<EpochMs> {
    for (let attempt = 1; ; attempt += 1) {
      const { changes } = series;
      const floor = (await this.read(series.key))?.floor ?? NO_FLOOR;
      // With a change the floor may have moved, and be told of only once.
      if (changes === series.changes && !series.isRetired) series.floor = floor;
      else if (attempt < MAX_ATTEMPTS && !series.isRetired) continue;
      return floor;
    }
  }

  /**
   * A floor that holds for a snapshot: read after it, because what is removed lies below a floor that was
   * written before.
   */
  async confirm(series: SeriesState, snapshot: KnownSnapshot): Promise<EpochMs> {
    if (this.#confirmed.has(snapshot) && series.floor !== undefined) return series.floor;
    const floor = await this.renew(series);
    this.#confirmed.add(snapshot);
    return floor;
  }

  async read(key: SeriesKey): Promise<FloorNote | undefined> {
    return parseNote(await this.#storage.metadata.get(await seriesDocumentKey(PREFIX, key)));
  }

  async write(note: FloorNote): Promise<void> {
    const { key, floor, keepMs, isUntold } = note;
    await this.#storage.metadata.set(await seriesDocumentKey(PREFIX, key), {
      symbol: key.symbol,
      timeframe: key.timeframe,
      retainedFrom: floor === NO_FLOOR ? null : floor,
      keepMs: Number.isFinite(keepMs) ? keepMs : null,
      isUntold,
    });
  }

  async remove(key: SeriesKey): Promise<void> {
    await this.#storage.metadata.delete(await seriesDocumentKey(PREFIX, key));
  }

  /** Every series that has one. */
  async list(): Promise<SeriesKey[]> {
    const keys: SeriesKey[] = [];
    for (const document of await this.#storage.metadata.keys(PREFIX)) {
      const note = parseNote(await this.#storage.metadata.get(document));
      if (note !== undefined) keys.push(note.key);
    }
    return keys;
  }
}

/** A document that is not understood is none: then everything is kept. */
function parseNote(document: JsonValue | undefined): FloorNote | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return undefined;
  const { symbol, timeframe, retainedFrom, keepMs, isUntold } = Object.fromEntries(
    Object.entries(document),
  );
  if (typeof symbol !== 'string' || !isTimeframe(timeframe)) return undefined;
  if (retainedFrom !== null && typeof retainedFrom !== 'number') return undefined;
  return {
    key: { symbol, timeframe },
    floor: retainedFrom ?? NO_FLOOR,
    keepMs: typeof keepMs === 'number' ? keepMs : Number.POSITIVE_INFINITY,
    isUntold: isUntold === true,
  };
}
