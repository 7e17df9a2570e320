import {
  type Candle,
  COLUMN_NAMES,
  type EpochMs,
  type Interval,
  type IntervalSet,
  intersectIntervals,
  intervalsContain,
  MAX_EPOCH_MS,
  normalizeIntervals,
  type SeriesKey,
  subtractIntervals,
  type TimeframeGrid,
  timeframeGrid,
  unionIntervals,
} from '@barkeep/core';
import type { LiveCandle } from '@barkeep/source';
import type { ClockEra } from './clock-eras.ts';

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
  /** Of periods that nobody may have stored as final meanwhile. */
  readonly candles: readonly Candle[];
  /** Newer states of candles that were stored as final. */
  readonly corrections: readonly Candle[];
  /** Ended periods of which every state has come. */
  readonly covers: IntervalSet;
}

/** How the clock was set. */
export interface ClockChange {
  readonly now: EpochMs;
  /** Up to when everything had surely come through, by the clock as it was. */
  readonly seenUntil: EpochMs;
  /**
   * When it was ahead, the latest last; none when it was behind, or time has passed that nobody noticed.
   */
  readonly wasAhead: readonly ClockEra[];
}

/** States are remembered for this many periods after their period's end, to tell repetitions from news. */
const REMEMBERED_PERIODS = 16;
/** More that could not be stored are given up, the oldest first: they count as missed, like an outage. */
const MAX_STATES = 1_000;
/** More separate stretches of claims are not kept: the oldest cannot be taken back any more. */
const MAX_CLAIMS = 1_000;
/** Of more ends of promises the earlier ones count as certain. */
const MAX_ENDS = 100;
/** More of an outage stays missing until somebody asks for it. */
const MAX_MISSED_PERIODS = 100_000;
const END_OF_TIME: EpochMs = MAX_EPOCH_MS + 1;

/**
 * What came through the router of one series and is not stored yet: states of candles, and the periods
 * of which every state was promised. It decides what may be stored, and what as final; it stores
 * nothing itself.
 *
 * - A period is final when it was promised and a sign of life came after its end and its grace. A candle
 *   of it that comes again counts only if its state is newer than the one known.
 * - What was stored as final can be taken back, in whatever order the ends of promises become known.
 * - The state of a candle whose period nobody promised is worth storing only while the period lasts:
 *   afterwards somebody else may have stored the final one.
 */
export class RecordableCandles {
  readonly key: SeriesKey;
  readonly #grid: TimeframeGrid;
  readonly #graceMs: number;
  /** By timestamp. */
  readonly #states = new Map<EpochMs, CandleState>();
  readonly #unsaved = new Set<EpochMs>();
  /** Before it, that a state is not known does not mean that none came. */
  #forgottenBefore: EpochMs = Number.NEGATIVE_INFINITY;
  /** Promised, and not given to be stored as final yet. */
  #promised: IntervalSet = [];
  /** Being stored as final. */
  #writing: IntervalSet = [];
  /** What was withdrawn while it was being stored. */
  #broken: IntervalSet = [];
  /** Stored as final, as far as that can still be withdrawn. */
  #claimed: IntervalSet = [];
  /** Where claims begin that can be withdrawn however old they are. */
  #claimsFrom: EpochMs = Number.NEGATIVE_INFINITY;
  /** Before it everything that was promised has come, is claimed or is in `#missed`. */
  #knownUntil: EpochMs | undefined;
  #missed: IntervalSet = [];
  #takeBack: IntervalSet = [];
  /** The latest instants at which promises ended, by a clock that has not been set since. */
  #ends: readonly EpochMs[] = [];
  readonly #onTakeBack: (takeBack: IntervalSet) => void;

  /** `onTakeBack` is called when what is to be taken back has changed. */
  constructor(key: SeriesKey, graceMs: number, onTakeBack: (takeBack: IntervalSet) => void) {
    this.key = { symbol: key.symbol, timeframe: key.timeframe };
    this.#grid = timeframeGrid(key.timeframe);
    this.#graceMs = graceMs;
    this.#onTakeBack = onTakeBack;
  }

  /** Coverage that is to be taken back, before anything else of the series is stored. */
  get takeBack(): IntervalSet {
    return this.#takeBack;
  }

  /** Takes note that the storage calls nothing of a stretch covered any more. */
  tookBack(stretch: Interval): void {
    this.#setTakeBack(subtractIntervals(this.#takeBack, [stretch]));
  }

  take({ candle, asOf }: LiveCandle, now: EpochMs): TakenCandle {
    const { timestamp } = candle;
    const known = this.#states.get(timestamp);
    if (known === undefined) {
      if (!this.#mayBeNew(timestamp, now)) return 'late';
    } else {
      if (asOf < known.asOf) return 'outdated';
      if (COLUMN_NAMES.every((column) => candle[column] === known.candle[column])) {
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
    const known = unionIntervals(this.#writing, this.#claimed);
    this.#promised = unionIntervals(
      subtractIntervals(this.#promised, replaced),
      subtractIntervals([{ from: since, to: END_OF_TIME }], known),
    );
    if (this.#knownUntil !== undefined) this.miss(this.#knownUntil, since);
    this.#knownUntil = undefined;
  }

  /** Nobody promised what lies between: at most the latest `MAX_MISSED_PERIODS` are made up for. */
  miss(from: EpochMs, to: EpochMs): void {
    const earliest = this.#grid.shift(to, -MAX_MISSED_PERIODS);
    const missed = normalizeIntervals([{ from: Math.max(from, earliest), to: Math.max(from, to) }]);
    this.#missed = unionIntervals(this.#missed, missed);
  }

  /** The promise was kept up to an instant only, whatever was said of that before. */
  withdraw(at: EpochMs): void {
    if (this.#breakFrom(this.#endedBy(at))) this.#ends = [...this.#ends.slice(1 - MAX_ENDS), at];
  }

  /** Something of a stretch was lost, though the promise goes on. */
  spoil(stretch: Interval): void {
    this.#missed = unionIntervals(this.#missed, this.#revoke(stretch));
  }

  /**
   * The clock was set, or time has passed unnoticed: what came after `seenUntil` is not relied on. Returns
   * the end of the last period of which a state was dropped, because it lies beyond now: it may have come,
   * and will not come again.
   */
  clockWasSet({ now, seenUntil, wasAhead }: ClockChange): EpochMs {
    const doubted = this.#claimedTooEarly(wasAhead);
    this.#breakFrom(this.#endedBy(Math.min(seenUntil, now)));
    this.#ends = [];
    if (wasAhead.length === 0) return Number.NEGATIVE_INFINITY;
    const endedBy = this.#endedBy(now);
    for (const stretch of doubted) this.spoil(stretch);
    const beyond = [{ from: endedBy, to: END_OF_TIME }];
    this.#setTakeBack(normalizeIntervals([...this.#takeBack, ...doubted, ...beyond]));
    this.#missed = subtractIntervals(this.#missed, beyond);
    return this.#dropStatesBeyond(now);
  }

  /** Claims of before can no longer be withdrawn, save the latest. */
  keepClaimsFrom(instant: EpochMs): void {
    this.#claimsFrom = this.#grid.floor(instant);
  }

  /**
   * What can be stored at an instant; `undefined` when there is nothing. `stored` or `failed` has to say
   * what became of it before it is called again.
   *
   * @param seenUntil Up to when everything has surely come through.
   */
  due(seenUntil: EpochMs, now: EpochMs): RecordedBatch | undefined {
    const covers = intersectIntervals(this.#promised, [this.#endedPart(seenUntil)]);
    this.#forgetLate(now);
    if (covers.length === 0 && this.#unsaved.size === 0) return undefined;
    this.#promised = subtractIntervals(this.#promised, covers);
    this.#writing = covers;
    const candles: Candle[] = [];
    const corrections: Candle[] = [];
    for (const timestamp of this.#unsaved) {
      const candle = this.#states.get(timestamp)?.candle;
      if (candle === undefined) continue;
      (this.#contains(this.#claimed, timestamp) ? corrections : candles).push(candle);
    }
    return { candles, corrections, covers };
  }

  /** Whether periods can be stored as final: whoever reads should wait for it. */
  hasEndedPeriods(seenUntil: EpochMs): boolean {
    const [first] = this.#promised;
    return first !== undefined && first.from < this.#endedBy(seenUntil);
  }

  /** Whether states of candles whose period has ended wait to be stored. */
  hasEndedStates(now: EpochMs): boolean {
    if (this.#unsaved.size === 0) return false;
    const endedBy = this.#endedBy(now);
    return [...this.#unsaved].some((timestamp) => timestamp < endedBy);
  }

  /** Whether it has anything that could be stored, or taken back. */
  isUnstored(seenUntil: EpochMs): boolean {
    return this.#takeBack.length > 0 || this.#unsaved.size > 0 || this.hasEndedPeriods(seenUntil);
  }

  /** Takes note that a batch of `due` is stored. */
  stored({ candles, corrections }: RecordedBatch, now: EpochMs): void {
    for (const candle of [...candles, ...corrections]) {
      // Unless a newer state came meanwhile.
      if (this.#states.get(candle.timestamp)?.candle === candle) {
        this.#unsaved.delete(candle.timestamp);
      }
    }
    this.#claimed = unionIntervals(this.#claimed, this.#writing);
    this.#setTakeBack(unionIntervals(this.#takeBack, this.#broken));
    this.#writing = [];
    this.#broken = [];
    this.#forgetBefore(this.#rememberedFrom(now));
  }

  /** Takes note that a batch of `due` could not be stored. */
  failed(): void {
    this.#promised = unionIntervals(this.#promised, this.#writing);
    this.#writing = [];
    this.#broken = [];
  }

  /** What was missed, in outages and before the first promise, and had ended at an instant. */
  missed(instant: EpochMs): IntervalSet {
    return intersectIntervals(this.#missed, [this.#endedPart(instant)]);
  }

  /** Takes note that what was missed of a stretch has been fetched, or is not missing. */
  madeUp(stretch: Interval): void {
    this.#missed = subtractIntervals(this.#missed, normalizeIntervals([stretch]));
  }

  /**
   * Whether nothing of it is promised, missed or to be stored, nor lately enough to be remembered. Older
   * claims do not count: they are given up when there is room for no other series.
   */
  isIdle(now: EpochMs): boolean {
    const pending = [this.#takeBack, this.#promised, this.#writing, this.#missed];
    if (this.#unsaved.size > 0 || pending.some(({ length }) => length > 0)) return false;
    const rememberedFrom = this.#rememberedFrom(now);
    if (this.#claimed.some(({ to }) => to > rememberedFrom)) return false;
    return [...this.#states.keys()].every((timestamp) => timestamp < rememberedFrom);
  }

  /**
   * What was called complete by a clock that was ahead, though it was not: what had not ended when a promise
   * did, or when the clock jumped, after which its states came too late; and, where the clock was further
   * ahead than states are remembered, everything.
   */
  #claimedTooEarly(eras: readonly ClockEra[]): IntervalSet {
    const present = eras.at(-1);
    const doubted = eras.flatMap((era) => {
      const { aheadMs, from, to } = era;
      const start = this.#endedBy(from);
      const isFar = this.#grid.shift(start, REMEMBERED_PERIODS) - start < aheadMs;
      if (era === present && isFar) return [{ from: start, to: END_OF_TIME }];
      const ends = era === present ? this.#ends : [to];
      return ends.map((at) => ({
        from: isFar ? start : this.#endedBy(at - aheadMs),
        to: this.#endedBy(at),
      }));
    });
    return normalizeIntervals(doubted.filter(({ from, to }) => from < to));
  }

  /** Returns whether anything was promised or claimed from there on. */
  #breakFrom(from: EpochMs): boolean {
    const first = this.#revoke({ from, to: END_OF_TIME })[0]?.from;
    if (first === undefined) return false;
    this.#knownUntil = Math.min(this.#knownUntil ?? END_OF_TIME, first);
    return true;
  }

  #dropStatesBeyond(now: EpochMs): EpochMs {
    let droppedUntil = Number.NEGATIVE_INFINITY;
    for (const [timestamp, { asOf }] of this.#states) {
      if (timestamp <= now && asOf <= now) continue;
      this.#states.delete(timestamp);
      this.#unsaved.delete(timestamp);
      droppedUntil = Math.max(droppedUntil, this.#grid.shift(timestamp));
    }
    return droppedUntil;
  }

  #setTakeBack(takeBack: IntervalSet): void {
    if (takeBack.length + this.#takeBack.length === 0) return;
    this.#takeBack = takeBack;
    this.#onTakeBack(takeBack);
  }

  /** Returns what was promised or claimed of a stretch, and is not any more. */
  #revoke(stretch: Interval): IntervalSet {
    const broken = normalizeIntervals([stretch]);
    const promised = intersectIntervals(this.#promised, broken);
    const writing = intersectIntervals(this.#writing, broken);
    const claimed = intersectIntervals(this.#claimed, broken);
    this.#promised = subtractIntervals(this.#promised, broken);
    this.#writing = subtractIntervals(this.#writing, broken);
    this.#claimed = subtractIntervals(this.#claimed, broken);
    this.#broken = unionIntervals(this.#broken, writing);
    this.#setTakeBack(unionIntervals(this.#takeBack, claimed));
    return normalizeIntervals([...promised, ...writing, ...claimed]);
  }

  #mayBeNew(timestamp: EpochMs, now: EpochMs): boolean {
    if (timestamp >= this.#endedBy(now) || this.#isPending(timestamp)) return true;
    // Later than the grace allows: while states are remembered, having none means that none came.
    const remembered = Math.max(this.#rememberedFrom(now), this.#forgottenBefore);
    return timestamp >= remembered && this.#contains(this.#claimed, timestamp);
  }

  /** Whether its period was promised and is not stored as final. */
  #isPending(timestamp: EpochMs): boolean {
    return this.#contains(this.#promised, timestamp) || this.#contains(this.#writing, timestamp);
  }

  #contains(set: IntervalSet, timestamp: EpochMs): boolean {
    return intervalsContain(set, { from: timestamp, to: this.#grid.shift(timestamp) });
  }

  /** The end of the last period that had ended, and had its grace, at an instant. */
  #endedBy(instant: EpochMs): EpochMs {
    return this.#grid.floor(instant - this.#graceMs);
  }

  #endedPart(instant: EpochMs): Interval {
    return { from: Number.NEGATIVE_INFINITY, to: this.#endedBy(instant) };
  }

  #rememberedFrom(now: EpochMs): EpochMs {
    return this.#grid.shift(this.#endedBy(now), -REMEMBERED_PERIODS);
  }

  /** States of ended periods that nobody promised are not worth storing any more. */
  #forgetLate(now: EpochMs): void {
    const endedBy = this.#endedBy(now);
    for (const timestamp of this.#unsaved) {
      if (timestamp >= endedBy || this.#isPending(timestamp)) continue;
      if (this.#contains(this.#claimed, timestamp)) continue;
      this.#unsaved.delete(timestamp);
      this.#forget(timestamp);
    }
  }

  #forget(timestamp: EpochMs): void {
    this.#states.delete(timestamp);
    this.#forgottenBefore = Math.max(this.#forgottenBefore, this.#grid.shift(timestamp));
  }

  #forgetBefore(instant: EpochMs): void {
    for (const timestamp of this.#states.keys()) {
      if (timestamp >= instant || this.#unsaved.has(timestamp)) continue;
      if (!this.#isPending(timestamp)) this.#forget(timestamp);
    }
    const from = Math.min(this.#claimsFrom, instant);
    this.#claimed = intersectIntervals(this.#claimed, [{ from, to: END_OF_TIME }]);
    this.#claimed = this.#claimed.slice(-MAX_CLAIMS);
  }

  #keepBound(): void {
    if (this.#states.size <= MAX_STATES) return;
    const oldest = Math.min(...this.#states.keys());
    const isLost = this.#unsaved.delete(oldest) || this.#isPending(oldest);
    this.#forget(oldest);
    if (isLost) this.spoil({ from: oldest, to: this.#grid.shift(oldest) });
  }
}
