import type { EpochMs, SeriesKey } from '@barkeep/core';
import {
  AbstractSmartRouter,
  type CandleStream,
  type MarketEvent,
  type RouterEvent,
  type SmartRouterOptions,
} from '@barkeep/source';

export interface MemoryRouterOptions extends SmartRouterOptions {
  /** Default: `memory`. */
  readonly name?: string | undefined;
}

/**
 * A router without an exchange: a test says what comes in and how the connection fares. It begins as
 * `connecting`.
 *
 * @example
 * const router = new MemoryRouter({ clock });
 * router.connect();
 * router.promise({ symbol: 'KRW-BTC', timeframe: '1m' });
 * router.send({ type: 'ticker', ticker });
 * router.drop({ lastSeen: clock.now() - 20_000 });
 */
export class MemoryRouter extends AbstractSmartRouter {
  /** What `connect` promises anew. */
  #promised: readonly SeriesKey[] = [];

  constructor(options: MemoryRouterOptions = {}) {
    super(options.name ?? 'memory', options);
  }

  /**
   * Something happens on the market: it is copied, kept, newer wins, and told as it is, also when it is
   * repeated or comes late. Unless connected it is lost.
   *
   * @returns Whether it came through.
   * @throws BarkeepError `INVALID_INPUT` naming the field and the rule, after the rest was taken.
   */
  send(event: MarketEvent): boolean {
    if (this.connection.status !== 'connected') return false;
    this.take(structuredClone(event));
    return true;
  }

  /**
   * Tells subscribers an event as it is, unchecked, and keeps nothing of it: for tests of how a
   * service takes what a router must not say.
   */
  override tell(event: RouterEvent): void {
    super.tell(event);
  }

  /** A pong comes: everything up to `at` has come through. Unless connected it is ignored. Default: now. */
  override alive(at?: EpochMs): void {
    super.alive(at);
  }

  /**
   * The connection stands, from now on. Series promised before are promised anew, from the next
   * period on, unless `streams` says what is promised instead. After `close` it is ignored.
   */
  connect(options: { readonly streams?: readonly CandleStream[] | undefined } = {}): void {
    const promised = this.#promised;
    this.connected();
    if (options.streams === undefined) for (const key of promised) this.promise(key);
    else for (const { key, since } of options.streams) this.promise(key, since);
  }

  /**
   * Promises that every candle of a series from `since` on will be sent; what was promised of the
   * series before is replaced. To keep the promise is up to whoever sends. Unless connected it is ignored.
   *
   * @param since A period's start, counted from the period in which the connection was made. Default: the
   * next period's.
   * @throws BarkeepError `INVALID_INPUT` when `since` is no period's start.
   */
  override promise(key: SeriesKey, since?: EpochMs): void {
    super.promise(key, since);
    this.#promised = this.streams.map((stream) => stream.key);
  }

  /** Ends a promise, which was kept up to `at`, and is not made again by `connect`. Default: `lastSeen`. */
  override endStream(key: SeriesKey, at?: EpochMs): void {
    super.endStream(key, at);
    this.#promised = this.streams.map((stream) => stream.key);
  }

  /**
   * The loss of the connection is noticed. Unless connected it is ignored.
   *
   * @param options.lastSeen Up to when everything has surely come through, within the connection and not
   * after now. Default: now.
   */
  drop(options: { readonly lastSeen?: EpochMs | undefined } = {}): void {
    this.lost(options.lastSeen ?? this.clock.now());
  }
}
