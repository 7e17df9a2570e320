import {
  BarkeepError,
  type Clock,
  type EpochMs,
  type SeriesKey,
  type TimeframeGrid,
  timeframeGrid,
} from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { RetentionStep, SeriesRetention } from '../contract/retention.ts';
import { asBarkeepError } from '../fetching/as-barkeep-error.ts';
import { type FloorNote, NO_FLOOR, type SeriesFloors } from '../series/series-floors.ts';
import { decideFloor } from './decide-floor.ts';

export interface SeriesRemovalOptions {
  readonly storage: IMarketDataStorage;
  readonly floors: SeriesFloors;
  readonly clock: Clock;
  /** The clock as far as it is believed. */
  readonly believed: Pick<Clock, 'now'>;
  readonly pagePeriods: number;
  readonly key: SeriesKey;
  readonly keep: string;
  /** `Infinity`: everything. */
  readonly keepMs: number;
  readonly candlesPerStep: number;
}

/** Where what is stored of a series begins: the first candle or covered period; and how far candles reach. */
interface StoredReach {
  readonly start: EpochMs;
  readonly latest: EpochMs | undefined;
}

/**
 * What retention does to one series. First the floor is written down, then everybody is told, and only
 * then candles are removed below it: killed at any instant, it leaves nothing that is taken for missing.
 * A floor that nobody may have heard of is told again by the next run.
 */
export class SeriesRemoval {
  readonly #options: SeriesRemovalOptions;
  readonly #grid: TimeframeGrid;
  #noted: FloorNote | undefined;
  #floor: EpochMs = NO_FLOOR;
  #candles = 0;
  #heldBackBy: SeriesRetention['heldBackBy'];
  #error: BarkeepError | undefined;

  constructor(options: SeriesRemovalOptions) {
    this.#options = options;
    this.#grid = timeframeGrid(options.key.timeframe);
  }

  get outcome(): SeriesRetention {
    const { key, keep } = this.#options;
    return {
      key,
      keep,
      retainedBefore: told(this.#noted?.floor ?? NO_FLOOR),
      retainedFrom: told(this.#floor),
      candles: this.#candles,
      heldBackBy: this.#heldBackBy,
      error: this.#error,
    };
  }

  /** What `steps` would do. */
  async explain(): Promise<SeriesRetention> {
    const { storage, key } = this.#options;
    try {
      await this.#readNote();
      const reach = await this.#reach();
      this.#floor = this.#decide(reach);
      if (reach.start < this.#floor) {
        const range = { from: reach.start, to: this.#floor };
        this.#candles = (await storage.coverage.continuity(key, range)).candles;
      }
    } catch (error) {
      this.#failed(error);
    }
    return this.outcome;
  }

  /** Does it, a step at a time; a failure ends it, and is in the outcome. */
  async *steps(): AsyncGenerator<RetentionStep, void, void> {
    try {
      const noted = await this.#readNote();
      const { keepMs } = this.#options;
      const floor = this.#decide(await this.#reach());
      const isNew = floor !== (noted?.floor ?? NO_FLOOR) || noted?.isUntold === true;
      if (isNew) yield await this.#moveFloor(floor);
      else if (noted !== undefined && noted.keepMs !== keepMs) await this.#note(floor, false);
      for (;;) {
        const { start } = await this.#reach();
        if (start >= floor) return;
        yield await this.#remove(start, floor);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #decide({ latest }: StoredReach): EpochMs {
    const { clock, believed } = this.#options;
    const { floor, heldBackBy } = decideFloor({
      ...this.#options,
      noted: this.#noted,
      grid: this.#grid,
      clockNow: clock.now(),
      believedNow: believed.now(),
      latest,
    });
    this.#heldBackBy = heldBackBy;
    return floor;
  }

  async #moveFloor(floor: EpochMs): Promise<RetentionStep> {
    const { storage, key } = this.#options;
    await this.#note(floor, true);
    this.#floor = floor;
    const { floor: before, isUntold } = this.#noted ?? { floor: NO_FLOOR, isUntold: false };
    const isKnown = before !== NO_FLOOR && floor !== NO_FLOOR && !isUntold;
    const moved = { from: Math.min(before, floor), to: Math.max(before, floor) };
    await storage.changes.announce(key, isKnown ? moved : undefined);
    await this.#note(floor, false);
    return { key, range: undefined, candles: 0, retainedFrom: told(floor) };
  }

  /** When its turn has come: another run may have moved it meanwhile. */
  async #readNote(): Promise<FloorNote | undefined> {
    this.#noted = await this.#options.floors.read(this.#options.key);
    this.#floor = this.#noted?.floor ?? NO_FLOOR;
    return this.#noted;
  }

  async #note(floor: EpochMs, isUntold: boolean): Promise<void> {
    const { floors, key, keepMs } = this.#options;
    if (floor === NO_FLOOR && !isUntold) await floors.remove(key);
    else await floors.write({ key, floor, keepMs, isUntold });
  }

  async #remove(start: EpochMs, floor: EpochMs): Promise<RetentionStep> {
    const { storage, key } = this.#options;
    const range = { from: start, to: await this.#stepEnd(start, floor) };
    const candles = await storage.candles.remove(key, range);
    this.#candles += candles;
    if ((await this.#reach()).start <= start) {
      throw new BarkeepError('INTERNAL', `${storage.name} still has what it was told to remove`, {
        details: { ...key, ...range },
      });
    }
    return { key, range, candles, retainedFrom: told(floor) };
  }

  /** As many candles as a step may take: of a series with few trades, many periods. */
  async #stepEnd(start: EpochMs, floor: EpochMs): Promise<EpochMs> {
    const { storage, key, candlesPerStep } = this.#options;
    const query = { ...key, from: start, to: floor, limit: candlesPerStep } as const;
    try {
      const { timestamp } = await storage.candles.readColumns(query, ['timestamp']);
      const last = timestamp.length < candlesPerStep ? undefined : timestamp.at(-1);
      return last === undefined ? floor : this.#grid.shift(last);
    } catch (error) {
      // Whole segments can be removed though they are damaged.
      if (!BarkeepError.is(error, 'CORRUPT')) throw error;
      return Math.min(floor, this.#grid.shift(start, candlesPerStep));
    }
  }

  async #reach(): Promise<StoredReach> {
    const [snapshot] = await this.#options.storage.candles.snapshots([this.#options.key]);
    const { extent, coverage = [] } = snapshot ?? {};
    const covered = coverage[0]?.from ?? Number.POSITIVE_INFINITY;
    const start = Math.min(extent?.from ?? Number.POSITIVE_INFINITY, covered);
    return { start, latest: extent?.to };
  }

  #failed(error: unknown): void {
    this.#error = asBarkeepError(error, 'retention failed unexpectedly');
  }
}

function told(floor: EpochMs): EpochMs | undefined {
  return floor === NO_FLOOR ? undefined : floor;
}
