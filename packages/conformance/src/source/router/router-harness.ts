import type { SeriesKey } from '@barkeep/core';
import type { ISmartRouter, LiveCandle, MarketEvent } from '@barkeep/source';
import type { PortHarness, PortSubject } from '../port-subject.ts';

/**
 * The suite's hand on the exchange behind a router. Each method resolves when the router has taken
 * notice, as far as it can.
 */
export interface RouterExchange {
  /**
   * The connection stands from now on: the first one, or another one after an outage.
   *
   * @param current The candle in the making of each watched series that had trades in it: what an
   * exchange that begins with a snapshot sends first. Another exchange sends nothing of it.
   */
  connect(current: readonly LiveCandle[]): void | Promise<void>;

  /**
   * The router is to follow a series, and the ticker, order book and trades of its symbol: from now on
   * when it is connected, else from when it is. A series may be asked for twice.
   *
   * @param current The candle in the making, for exchanges that send a snapshot; `undefined` without trades.
   */
  watch(key: SeriesKey, current: LiveCandle | undefined): void | Promise<void>;

  /** Sends messages, in this order. Called only while the connection stands. */
  send(events: readonly MarketEvent[]): void | Promise<void>;

  /** Nothing goes through the connection from now on, and nothing tells the router so. */
  cut(): void | Promise<void>;

  /** The router notices that the connection is lost, some time after `cut`. */
  notice(): void | Promise<void>;

  /**
   * The exchange stops sending a series for good; also after `cut`, when the router may end the promise,
   * or find out later. Absent: it never does.
   */
  readonly endStream?: ((key: SeriesKey) => void | Promise<void>) | undefined;
}

/** A router over an exchange of its own, not connected yet. */
export interface RouterUnderTest {
  readonly router: ISmartRouter;
  readonly exchange: RouterExchange;
  /** The most trades of one symbol that the router keeps. Few let the suite run fast; at least 50. */
  readonly maxTrades: number;
  /** Closes the router: its `connection` becomes `closed`. */
  close(): void | Promise<void>;
}

/** How the router suite gets hold of a router. */
export type RouterHarness = PortHarness<RouterUnderTest>;

export interface RouterCapabilities {
  readonly endsStreams: boolean;
}

/** A router under test, in the shape that the runner knows. */
export type RouterSubject = PortSubject<RouterUnderTest, RouterCapabilities>;

export function routerCapabilities({ exchange }: RouterUnderTest): RouterCapabilities {
  return { endsStreams: exchange.endStream !== undefined };
}
