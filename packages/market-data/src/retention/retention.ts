import {
  type CallOptions,
  type Clock,
  invalidInput,
  onlyKnownKeys,
  type SeriesKey,
  seriesKeyText,
  throwIfAborted,
} from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { CheckedRetentionRule } from '../config/retention-rules.ts';
import type { RetentionOptions, RetentionReport, SeriesRetention } from '../contract/retention.ts';
import { selectsSeries } from '../series/selects-series.ts';
import type { SeriesFloors } from '../series/series-floors.ts';
import { BelievedClock } from './believed-clock.ts';
import { RetentionRun } from './retention-run.ts';
import { SeriesRemoval } from './series-removal.ts';

export interface RetentionParts {
  readonly storage: IMarketDataStorage;
  readonly floors: SeriesFloors;
  /** `undefined`: nothing is decided here. */
  readonly rules: readonly CheckedRetentionRule[] | undefined;
  readonly seriesTags: (key: SeriesKey) => readonly string[];
  readonly clock: Clock;
  readonly pagePeriods: number;
  /** Fires when the service closes. */
  readonly closing: AbortSignal;
}

const OPTIONS = ['candlesPerStep', 'signal'] as const;
const CANDLES_PER_STEP = 4_096;

/** Decides what of each series is kept, and removes the rest. */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #believed: BelievedClock | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    if (parts.rules !== undefined && parts.rules.length > 0) {
      this.#believed = new BelievedClock(parts.clock, parts.closing);
    }
  }

  /** @throws BarkeepError `INVALID_INPUT` naming the option and the rule. */
  run(options: RetentionOptions): RetentionRun {
    onlyKnownKeys(options, OPTIONS, 'options');
    const { candlesPerStep = CANDLES_PER_STEP, signal } = options;
    if (!Number.isSafeInteger(candlesPerStep) || candlesPerStep < 1) {
      const rule = 'must be a whole number of at least 1';
      throw invalidInput({ field: 'candlesPerStep', rule, value: candlesPerStep });
    }
    return new RetentionRun(() => this.#removals(candlesPerStep), signal);
  }

  async explain({ signal }: CallOptions): Promise<RetentionReport> {
    const series: SeriesRetention[] = [];
    for (const removal of await this.#removals(CANDLES_PER_STEP)) {
      throwIfAborted(signal);
      series.push(await removal.explain());
    }
    return { candles: series.reduce((sum, { candles }) => sum + candles, 0), series };
  }

  /** Of the series that a rule limits, and of those that have a floor. */
  async #removals(candlesPerStep: number): Promise<SeriesRemoval[]> {
    const { storage, floors, rules, clock } = this.#parts;
    if (rules === undefined) return [];
    const noted = new Map<string, SeriesKey>();
    for (const key of await floors.list()) noted.set(seriesKeyText(key), key);
    const keys = new Map<string, SeriesKey>();
    for (const { symbol, timeframe } of await storage.candles.list()) {
      keys.set(seriesKeyText({ symbol, timeframe }), { symbol, timeframe });
    }
    for (const [text, key] of noted) keys.set(text, key);
    const removals: SeriesRemoval[] = [];
    for (const [text, key] of keys) {
      const rule = this.#ruleOf(key, rules);
      const { keep = 'all', keepMs = Number.POSITIVE_INFINITY } = rule ?? {};
      if (keepMs === Number.POSITIVE_INFINITY && !noted.has(text)) continue;
      const believed = this.#believed ?? clock;
      removals.push(
        new SeriesRemoval({ ...this.#parts, believed, key, keep, keepMs, candlesPerStep }),
      );
    }
    return removals;
  }

  #ruleOf(
    key: SeriesKey,
    rules: readonly CheckedRetentionRule[],
  ): CheckedRetentionRule | undefined {
    return rules.find((rule) => selectsSeries(rule, key, this.#parts.seriesTags));
  }
}
