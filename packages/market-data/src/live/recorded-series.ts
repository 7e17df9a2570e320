import {
  CANDLE_COLUMNS,
  type Candle,
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsContain,
  intervalsLength,
  MAX_EPOCH_MS,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
  type TimeframeGrid,
  timeframeGrid,
  unionIntervals,
} from '@barkeep/core';
import type { LiveCandle } from '@barkeep/source';

/**
 * What became of the state of a candle: `taken` to be stored, `repeated` (nothing new), `outdated` (a
 * newer state is known), or `late` (its period has ended, and nobody promised its states).
 */
export type TakenCandle = 'taken' | 'repeated' | 'outdated' | 'late';

interface CandleState {
  readonly candle: Candle;
  readonly asOf: EpochMs;
}

/** What is to be stored of one series in one write. */
export interface RecordedBatch {
  readonly candles: readonly Candle[];
  /** Ended periods of which every state has come. */
  readonly covers: IntervalSet;
}

/** States are remembered for so many periods after their period's end, to tell repetitions from news. */
const REMEMBERED_PERIODS = 16;
/** More that could not be stored are given up, the oldest first: they count as missed, like an outage. */
const MAX_STATES = 1_000;
/** More of an outage stays missing until somebody asks for it. */
const MAX_MISSED_PERIODS = 100_000;
const END_OF_TIME: EpochMs = MAX_EPOCH_MS + 1;

/**
 * What came through the router of one series and is not stored yet: states of candles, and the periods
 * of which every state was promised. It decides what may be stored, and what as final; it stores
 * nothing itself.
 *
 * - A period is final when it was promised, has ended and had its grace. A candle of it that comes again
 *   counts only if its state is newer than the one known.
 * - The state of a candle whose period nobody promised is worth storing only while the period lasts:
 *   afterwards somebody else may have stored the final one.
 */
export class RecordedSeries {
  readonly key: SeriesKey;
  readonly #grid: TimeframeGrid;
  readonly #graceMs: number;
  /** By timestamp. */
  readonly #states = new Map<EpochMs, CandleState>();
  readonly #unsaved = new Set<EpochMs>();
  /** Promised, and not stored as final yet. */
  #promised: IntervalSet = [];
  /** Stored as final on the word of the promise that holds now. */
  #claimed: IntervalSet = [];
  /** Before it everything that was promised has come, is claimed or is in `#missed`. */
  #knownUntil: EpochMs | undefined;
  #missed: IntervalSet = [];

  constructor(key: SeriesKey, graceMs: number) {
    this.key = { symbol: key.symbol, timeframe: key.timeframe };
    this.#grid = timeframeGrid(key.timeframe);
    this.#graceMs = graceMs;
  }

  take({ candle, asOf }: LiveCandle, now: EpochMs): TakenCandle {
    const { timestamp } = candle;
    const known = this.#states.get(timestamp);
    if (known === undefined) {
      if (!this.#mayBeNew(timestamp, now)) return 'late';
    } else {
      if (asOf < known.asOf) return 'outdated';
      if (CANDLE_COLUMNS.every((column) => candle[column] === known.candle[column])) {
        this.#states.set(timestamp, { candle: known.candle, asOf });
        return 'repeated';
      }
    }
    this.#states.set(timestamp, { candle: { ...candle }, asOf });
    this.#unsaved.add(timestamp);
    this.#keepBound();
    return 'taken';
  }

  /**
   * From the period that starts at `since` on, every state comes. It replaces the promise before: of
   * the periods that have not ended yet and lie before it, nobody promises anything any more.
   */
  promise(since: EpochMs, now: EpochMs): void {
    const endedBy = this.#endedBy(now);
    const between = normalizeIntervals([{ from: endedBy, to: Math.max(endedBy, since) }]);
    const replaced = intersectIntervals(this.#promised, between);
    this.#missed = unionIntervals(this.#missed, replaced);
    this.#promised = unionIntervals(subtractIntervals(this.#promised, replaced), [
      { from: since, to: END_OF_TIME },
    ]);
    if (this.#knownUntil !== undefined) this.miss(this.#knownUntil, since);
    this.#knownUntil = undefined;
  }

  /** Nobody promised what lies between: at most the latest `MAX_MISSED_PERIODS` are made up for. */
  miss(from: EpochMs, to: EpochMs): void {
    const earliest = this.#grid.shift(to, -MAX_MISSED_PERIODS);
    const missed = normalizeIntervals([{ from: Math.max(from, earliest), to: Math.max(from, to) }]);
    this.#missed = unionIntervals(this.#missed, missed);
  }

  /**
   * The promise was kept up to an instant only. Returns the periods that were stored as final on its
   * word and are not: their coverage must be taken back.
   */
  withdraw(at: EpochMs): IntervalSet {
    const keptUntil = this.#endedBy(at);
    const broken = [{ from: keptUntil, to: END_OF_TIME }];
    const isPromised = intervalsLength(intersectIntervals(this.#promised, broken)) > 0;
    const takenBack = intersectIntervals(this.#claimed, broken);
    const claimedFrom = takenBack[0]?.from;
    if (isPromised) this.#knownUntil = Math.max(keptUntil, this.#promisedFrom(keptUntil));
    if (claimedFrom !== undefined) this.#knownUntil = claimedFrom;
    this.#promised = subtractIntervals(this.#promised, broken);
    this.#claimed = [];
    return takenBack;
  }

  /** What can be stored at an instant; `undefined` when there is nothing. */
  due(now: EpochMs): RecordedBatch | undefined {
    const endedBy = this.#endedBy(now);
    const covers = intersectIntervals(this.#promised, [{ from: 0, to: endedBy }]);
    for (const timestamp of this.#unsaved) {
      if (timestamp < endedBy && !this.#isPromised(timestamp) && !this.#isClaimed(timestamp)) {
        this.#unsaved.delete(timestamp);
        this.#states.delete(timestamp);
      }
    }
    if (covers.length === 0 && this.#unsaved.size === 0) return undefined;
    const candles = [...this.#unsaved].flatMap((timestamp) => {
      return this.#states.get(timestamp)?.candle ?? [];
    });
    return { candles, covers };
  }

  /** Whether periods have ended that can be stored as final: whoever reads should wait for it. */
  hasEndedPeriods(now: EpochMs): boolean {
    const [first] = this.#promised;
    return first !== undefined && first.from < this.#endedBy(now);
  }

  /**
   * Takes note that a batch of `due` is stored. Returns the periods that were stored as final although
   * their promise was withdrawn meanwhile: their coverage must be taken back.
   */
  stored({ candles, covers }: RecordedBatch, now: EpochMs): IntervalSet {
    for (const candle of candles) {
      // Unless a newer state came meanwhile.
      if (this.#states.get(candle.timestamp)?.candle === candle) {
        this.#unsaved.delete(candle.timestamp);
      }
    }
    const broken = subtractIntervals(covers, this.#promised);
    this.#claimed = unionIntervals(this.#claimed, intersectIntervals(this.#promised, covers));
    this.#promised = subtractIntervals(this.#promised, covers);
    this.#forgetBefore(this.#rememberedFrom(this.#endedBy(now)));
    return broken;
  }

  /** The ended part of what was missed: outages, and the time before the first promise. */
  missed(now: EpochMs): IntervalSet {
    return intersectIntervals(this.#missed, [{ from: 0, to: this.#endedBy(now) }]);
  }

  /** Takes note that what was missed of a stretch has been fetched, or is not missing. */
  madeUp(stretch: Interval): void {
    this.#missed = subtractIntervals(this.#missed, normalizeIntervals([stretch]));
  }

  /** Whether nothing of it is promised, missed or to be stored, nor lately enough to be remembered. */
  isIdle(now: EpochMs): boolean {
    if (this.#promised.length + this.#claimed.length + this.#missed.length > 0) return false;
    if (this.#unsaved.size > 0) return false;
    const rememberedFrom = this.#rememberedFrom(this.#endedBy(now));
    return [...this.#states.keys()].every((timestamp) => timestamp < rememberedFrom);
  }

  #mayBeNew(timestamp: EpochMs, now: EpochMs): boolean {
    const endedBy = this.#endedBy(now);
    if (timestamp >= endedBy || this.#isPromised(timestamp)) return true;
    // Later than the grace allows: while states are remembered, having none means that none came.
    return timestamp >= this.#rememberedFrom(endedBy) && this.#isClaimed(timestamp);
  }

  #isPromised(timestamp: EpochMs): boolean {
    return this.#contains(this.#promised, timestamp);
  }

  #isClaimed(timestamp: EpochMs): boolean {
    return this.#contains(this.#claimed, timestamp);
  }

  #contains(set: IntervalSet, timestamp: EpochMs): boolean {
    return intervalsContain(set, { from: timestamp, to: this.#grid.shift(timestamp) });
  }

  /** The end of the last period that had ended, and had its grace, at an instant. */
  #endedBy(instant: EpochMs): EpochMs {
    return this.#grid.floor(Math.max(0, instant - this.#graceMs));
  }

  /** Where the promise begins that reaches beyond an instant. */
  #promisedFrom(instant: EpochMs): EpochMs {
    return this.#promised.find(({ to }) => to > instant)?.from ?? instant;
  }

  #rememberedFrom(endedBy: EpochMs): EpochMs {
    return this.#grid.shift(endedBy, -REMEMBERED_PERIODS);
  }

  #forgetBefore(instant: EpochMs): void {
    for (const timestamp of this.#states.keys()) {
      if (timestamp < instant && !this.#unsaved.has(timestamp)) this.#states.delete(timestamp);
    }
  }

  #keepBound(): void {
    if (this.#states.size <= MAX_STATES) return;
    const oldest = Math.min(...this.#states.keys());
    this.#states.delete(oldest);
    if (!this.#unsaved.delete(oldest)) return;
    const lost = [{ from: 0, to: this.#grid.shift(oldest) }];
    this.#missed = unionIntervals(this.#missed, intersectIntervals(this.#promised, lost));
    this.#promised = subtractIntervals(this.#promised, lost);
  }
}
