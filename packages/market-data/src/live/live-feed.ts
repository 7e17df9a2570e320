import {
  BarkeepError,
  type EpochMs,
  monotonicTime,
  type SeriesKey,
  seriesKeyText,
  type TimeJump,
  timeframeGrid,
  type Unsubscribe,
} from '@barkeep/core';
import {
  type CandleStream,
  type IdentifiedEvent,
  type ISmartRouter,
  type RouterConnection,
  type RouterEvent,
  type SiftedEvent,
  siftRouterEvent,
  validateCandleStream,
  validateRouterConnection,
} from '@barkeep/source';
import type { ClockBound } from '../config/refuse-ahead.ts';
import type { FailureEvent } from '../contract/market-data-event.ts';
import type {
  LastError,
  RejectedEvent,
  RouterStatistics,
} from '../contract/market-data-statistics.ts';
import type { LiveStreams } from '../series/live-streams.ts';
import type { SeriesDirectory } from '../series/series-directory.ts';
import type { CandleRecorder } from './candle-recorder.ts';
import { ClockEras } from './clock-eras.ts';
import { FailureLog } from './failure-log.ts';
import type { LiveArrivals } from './live-arrivals.ts';
import type { RealtimeActivity } from './realtime-activity.ts';
import type { RealtimeRecorder } from './realtime-recorder.ts';
import { refusedCandle, refusedEnd } from './refused-event.ts';
import { SignOfLife } from './sign-of-life.ts';

export interface LiveFeedOptions extends ClockBound {
  readonly router: ISmartRouter;
  readonly streams: LiveStreams;
  readonly arrivals: LiveArrivals;
  readonly activity: RealtimeActivity;
  readonly directory: SeriesDirectory;
  /** Makes what records candles, given up to when everything has surely come; `undefined`: nothing does. */
  readonly recordCandles: ((seenUntil: () => EpochMs) => CandleRecorder) | undefined;
  readonly realtime: RealtimeRecorder | undefined;
  /** Called for what the router tells and is left out. */
  readonly onFailure: (failure: FailureEvent) => void;
}

/** A clock that is further behind the exchange's makes promises reach back before the connection. */
const CLOCK_TOLERANCE_MS = 1_000;
const NEVER: EpochMs = Number.NEGATIVE_INFINITY;

/**
 * Listens to the router: hands on its events to the recorders, and keeps track of what can be relied on.
 *
 * - A promise holds from the period in which it was heard of, or later.
 * - When a promise ends, what no sign of life has confirmed by then is not relied on.
 * - When the clock was set, or the process stood still, promises hold anew from the next period on.
 * - Values of the exchange that are ahead of the clock prove it wrong: promises begin later then.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #life: SignOfLife;
  readonly #candles: CandleRecorder | undefined;
  readonly #ends: Unsubscribe[] = [];
  /** As its events have told. */
  #connection: RouterConnection;
  /** As it was when statistics were asked for. */
  #statedConnection: RouterConnection;
  #events = 0;
  #rejected = 0;
  readonly #failures: FailureLog;
  #lastRejected: RejectedEvent | undefined;
  readonly #eras: ClockEras;
  /** Since when the clock has not been set, as far as is known, and the present connection stands. */
  #steadySince: EpochMs;
  /** Promises hold from the next period after it at the earliest. */
  #unheardUntil: EpochMs = NEVER;
  /** By how much the clock is behind the exchange's, as far as that matters. */
  #behindMs = 0;
  /** Whether a value of the exchange has shown since `#steadySince` that the clock is about right. */
  #isClockRight = false;

  constructor(options: LiveFeedOptions) {
    const { router, clock, recordCandles, onFailure } = options;
    this.#options = options;
    this.#failures = new FailureLog('router', clock, onFailure);
    this.#connection = { status: 'connecting', since: clock.now() };
    this.#statedConnection = this.#connection;
    this.#steadySince = clock.now();
    this.#eras = new ClockEras(this.#steadySince);
    this.#life = new SignOfLife(router, options, (error) => this.#reject(error));
    this.#candles = recordCandles?.(() => {
      this.#now();
      return this.#life.look();
    });
  }

  get statistics(): RouterStatistics {
    const { router, streams, realtime } = this.#options;
    return {
      name: router.name,
      connection: this.#stateConnection(),
      streams: streams.size,
      events: this.#events,
      rejected: this.#rejected,
      lastRejected: this.#lastRejected,
      candles: this.#candles?.statistics,
      realtime: realtime?.statistics,
    };
  }

  /** @throws what the router's state breaks, or whatever its `subscribe` throws. */
  start(): void {
    const { router, clock } = this.#options;
    validateRouterConnection(router.connection);
    this.#connection = router.connection;
    this.#statedConnection = router.connection;
    this.#ends.push(monotonicTime(clock).onJump((jump) => this.#clockJumped(jump)));
    try {
      this.#ends.push(router.subscribe((event) => this.#hear(event)));
      const { connection, streams } = router;
      if (connection.status === 'connected') this.#join(connection, streams);
    } catch (error) {
      this.#stopListening();
      throw error;
    }
    this.#candles?.start();
  }

  /**
   * Ends listening, and resolves when what was heard is stored.
   * @throws BarkeepError the storage's, when candles could not be stored; whatever the router throws when
   * it should let go, after all of that.
   */
  async close(): Promise<void> {
    this.#life.look();
    const failures: unknown[] = [];
    try {
      this.#stopListening();
    } catch (error) {
      failures.push(error);
    }
    const closings = [this.#candles?.close(), this.#options.realtime?.close()];
    for (const closing of await Promise.allSettled(closings)) {
      if (closing.status === 'rejected') failures.push(closing.reason);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** When periods of the series that can be stored as final are; `undefined` when there are none. */
  settle(text: string): Promise<void> | undefined {
    return this.#candles?.settle(text);
  }

  /** The latest failure to record a series, until that succeeds; by the text of its key. */
  lastErrorOf(text: string): LastError | undefined {
    return this.#candles?.lastErrorOf(text);
  }

  /** What comes from now on is not heard, so no sign of life says anything of it. */
  #stopListening(): void {
    this.#life.end();
    for (const end of this.#ends.splice(0)) end();
  }

  /** A router that fails to say stands as it last did. */
  #stateConnection(): RouterConnection {
    try {
      this.#statedConnection = this.#options.router.connection;
    } catch (error) {
      this.#reject(error);
    }
    return this.#statedConnection;
  }

  /** Wall time; jumps are noticed before it is relied on. */
  #now(): EpochMs {
    const { clock } = this.#options;
    monotonicTime(clock).now();
    return clock.now();
  }

  /**
   * The router was connected before anybody listened. Of the period under way a promise holds only where
   * the router has the state of its candle: what else came of it, nobody heard.
   */
  #join(connection: RouterConnection, streams: readonly CandleStream[]): void {
    const { router, arrivals } = this.#options;
    const now = this.#now();
    this.#life.begin(false);
    this.#unheardUntil = now;
    arrivals.restart(connection.since);
    for (const stream of streams) {
      validateCandleStream(stream);
      const { key } = stream;
      const current = timeframeGrid(key.timeframe).floor(now);
      const live = router.getCandles(key).find(({ candle }) => candle.timestamp === current);
      const state = live && this.#sift({ type: 'candle', live }, now).event;
      if (state !== undefined) this.#take(state, now);
      this.#begin(stream, now, state === undefined ? this.#unheardUntil : NEVER);
    }
  }

  #hear(event: RouterEvent): void {
    this.#events += 1;
    const now = this.#now();
    const sifted = this.#sift(event, now);
    this.#compareClocks(sifted, now);
    if (sifted.event === undefined) this.#miss(event, now);
    else this.#take(sifted.event, now);
  }

  #sift(event: RouterEvent, now: EpochMs): SiftedEvent {
    const sifted = siftRouterEvent(event, { now, maxAheadMs: this.#options.maxAheadMs });
    for (const fault of sifted.faults) this.#reject(fault);
    return sifted;
  }

  #reject(error: unknown): void {
    this.#rejected += 1;
    const at = this.#options.clock.now();
    this.#failures.add(error);
    this.#lastRejected = BarkeepError.is(error)
      ? { at, message: error.message, details: error.details }
      : { at, message: String(error), details: {} };
  }

  #take(event: IdentifiedEvent, now: EpochMs): void {
    const { realtime, directory, arrivals, activity } = this.#options;
    switch (event.type) {
      case 'stream':
        this.#begin(event.stream, now, this.#unheardUntil);
        return;
      case 'streamEnded':
        this.#end(event.key, event.at);
        return;
      case 'connection':
        this.#connectionChanged(event.connection, now);
        return;
      case 'refused':
        this.#reject(event.error);
        return;
      case 'ticker':
        realtime?.takeTicker(event.ticker);
        break;
      case 'orderBook':
        realtime?.takeOrderBook(event.book);
        break;
      case 'trades':
        realtime?.takeTrades(event.symbol, event.trades);
        break;
      case 'candle':
        this.#candles?.take(event.live);
        directory.liveChanged(event.live.key);
        break;
    }
    arrivals.note(event);
    activity.note(event);
    this.#life.heard();
  }

  /** A state of a candle, or the end of something, that cannot be read has happened all the same. */
  #miss(event: RouterEvent, now: EpochMs): void {
    const candle = refusedCandle(event);
    const end = refusedEnd(event);
    if (candle !== undefined) this.#spoil(candle.key, candle.timestamp, now);
    else if (end === 'connection') this.#lose(NEVER);
    else if (end !== undefined) this.#end(end, NEVER);
  }

  /**
   * Of one that cannot be placed, the period under way and the one before are missed; and those up to a
   * timestamp ahead of the clock, as far as the clock may be behind.
   */
  #spoil(key: SeriesKey, timestamp: EpochMs | undefined, now: EpochMs): void {
    const { streams, directory, maxAheadMs } = this.#options;
    const grid = timeframeGrid(key.timeframe);
    const isPlaced = timestamp !== undefined && timestamp <= now;
    const isAhead = timestamp !== undefined && timestamp > now && timestamp <= now + maxAheadMs;
    const from = isPlaced ? grid.floor(timestamp) : grid.shift(now, -1);
    const to = grid.shift(isPlaced || isAhead ? timestamp : now);
    this.#candles?.spoil(key, { from, to });
    const running = streams.get(key);
    if (running !== undefined && to > now && running.since < to) {
      streams.begin({ ...running, since: to });
    }
    directory.liveChanged(key);
  }

  /** A promise holds, but not for what nobody heard. */
  #begin(stream: CandleStream, now: EpochMs, unheardUntil: EpochMs): void {
    const { streams, directory } = this.#options;
    const { key } = stream;
    const running = streams.get(key);
    // One that is told again says nothing new.
    if (running !== undefined && running.since >= stream.since) return;
    const grid = timeframeGrid(key.timeframe);
    const earliest = running === undefined ? grid.floor(now) : NEVER;
    const heardFrom = unheardUntil === NEVER ? NEVER : grid.ceil(unheardUntil);
    const told = { key, since: Math.max(stream.since, earliest, heardFrom), toldAt: now };
    const believed = { ...told, since: this.#sinceByExchange(told) };
    this.#candles?.promise(believed);
    streams.begin(believed);
    directory.liveChanged(key);
  }

  #end(key: SeriesKey, at: EpochMs): void {
    const { streams, arrivals, directory } = this.#options;
    this.#candles?.withdraw(key, this.#keptUntil(at));
    streams.end(key);
    arrivals.forgetCandles(key);
    directory.liveChanged(key);
  }

  #connectionChanged(connection: RouterConnection, now: EpochMs): void {
    const before = this.#connection;
    this.#connection = connection;
    this.#statedConnection = connection;
    if (connection.status !== 'connected') {
      this.#lose(connection.since);
      return;
    }
    if (before.status === 'connected' && before.since === connection.since) return;
    // One that was lost without a word.
    if (before.status === 'connected') this.#lose(connection.since);
    this.#startOver(now);
    this.#unheardUntil = NEVER;
    this.#candles?.connectionBegan();
    this.#life.begin(true);
    this.#options.arrivals.restart(now);
    this.#options.directory.allLiveChanged();
  }

  #lose(since: EpochMs): void {
    const { streams, arrivals, directory } = this.#options;
    this.#candles?.withdrawAll(this.#keptUntil(since));
    this.#life.end();
    streams.clear();
    arrivals.restart();
    directory.allLiveChanged();
  }

  /** What no sign of life has confirmed by the end of a promise, nothing will confirm. */
  #keptUntil(at: EpochMs): EpochMs {
    return Math.min(at, this.#life.at, this.#options.clock.now());
  }

  /**
   * From now on the clock is taken for right until something shows otherwise. One that was found to be far
   * behind stays doubted until a value of the exchange shows that it was set right.
   */
  #startOver(now: EpochMs): void {
    this.#steadySince = now;
    this.#behindMs = 0;
    this.#isClockRight = false;
  }

  /**
   * The clock was set, or the process stood still: what was said of the time since the last sign of life
   * before is not relied on, nor anything said by a clock that nothing had confirmed.
   */
  #clockJumped(jump: TimeJump): void {
    const { clock, arrivals } = this.#options;
    const now = clock.now();
    // No value of the exchange has shown that its signs of life meant the periods they were taken for.
    if (!this.#isClockRight) this.#candles?.withdrawAll(Math.min(this.#steadySince, this.#life.at));
    const change = { now, seenUntil: this.#life.at, wasAhead: this.#eras.end(jump) };
    const dropped = this.#candles?.clockWasSet(change);
    this.#life.clockWasSet();
    this.#startOver(now);
    this.#unheardUntil = now;
    arrivals.restart();
    this.#promiseAnew(now, dropped);
  }

  /** What was promised holds from the next period on, for which nothing is known to be lost. */
  #promiseAnew(now: EpochMs, lostUntil?: ReadonlyMap<string, EpochMs>): void {
    const { streams, directory } = this.#options;
    for (const { key } of streams.running) {
      const grid = timeframeGrid(key.timeframe);
      const lost = lostUntil?.get(seriesKeyText(key)) ?? NEVER;
      const stream = { key, since: Math.max(grid.ceil(now), lost), toldAt: now };
      this.#candles?.promise(stream);
      streams.begin(stream);
    }
    directory.allLiveChanged();
  }

  /** Holds the clock against the exchange's instants in an event. */
  #compareClocks({ event, aheadMs, isTooFarAhead }: SiftedEvent, now: EpochMs): void {
    if (aheadMs === NEVER) return;
    if (event === undefined) {
      if (isTooFarAhead && !this.#isClockRight) this.#doubtClock();
      return;
    }
    if (aheadMs < -this.#options.maxAheadMs) return;
    this.#isClockRight = true;
    if (this.#life.isSuspended) this.#trustClock(now);
    if (aheadMs - this.#behindMs >= CLOCK_TOLERANCE_MS) this.#putBehind(aheadMs);
  }

  /** All that comes is far ahead: neither periods nor signs of life mean anything by such a clock. */
  #doubtClock(): void {
    const { streams, directory } = this.#options;
    if (this.#life.isSuspended) return;
    this.#life.isSuspended = true;
    streams.isSuspended = true;
    this.#candles?.withdrawAll(Math.min(this.#steadySince, this.#life.at));
    directory.allLiveChanged();
  }

  #trustClock(now: EpochMs): void {
    this.#startOver(now);
    this.#isClockRight = true;
    this.#life.isSuspended = false;
    this.#options.streams.isSuspended = false;
    this.#candles?.withdrawAll(this.#life.at);
    this.#promiseAnew(now);
  }

  /** By the exchange's clock, promises were made later than by ours. */
  #putBehind(behindMs: number): void {
    const { streams, directory } = this.#options;
    this.#behindMs = behindMs;
    for (const stream of streams.running) {
      const { key, since } = stream;
      const to = this.#sinceByExchange(stream);
      if (to <= since) continue;
      this.#candles?.spoil(key, { from: since, to });
      streams.begin({ ...stream, since: to });
    }
    directory.allLiveChanged();
  }

  #sinceByExchange({ key, since, toldAt }: CandleStream & { readonly toldAt: EpochMs }): EpochMs {
    if (this.#behindMs === 0) return since;
    const grid = timeframeGrid(key.timeframe);
    const toldTo = toldAt + this.#behindMs;
    return Math.max(since, since <= toldAt ? grid.floor(toldTo) : grid.ceil(toldTo));
  }
}
