import {
  type Candle,
  compareTimeframes,
  type EpochMs,
  type SeriesKey,
  type Timeframe,
} from '@barkeep/core';
import type { CandleRequest, IMarketDataCoordinator } from '@barkeep/source';
import type { PortHarness, PortSubject } from '../port-subject.ts';

/**
 * - `rateLimit`: the exchange refuses because of too many calls
 * - `outage`: it answers with a server error, or not at all to be reached
 * - `refusal`: it does not accept the request, and would not accept it later
 */
export type CoordinatorFailureKind = 'rateLimit' | 'outage' | 'refusal';

/** A way in which the exchange can fail, and how the coordinator passes it on. */
export interface CoordinatorFailure {
  /** Calls to the exchange fail from now on, after `afterCalls` that are still answered. */
  begin(afterCalls: number): void;
  /** They are answered again. */
  end(): void;
  /** What the coordinator's error says. */
  readonly retryable: boolean;
  /** The same; absent: it says nothing. */
  readonly retryAfterMs?: number | undefined;
}

/** A coordinator over an exchange of its own. */
export interface CoordinatorUnderTest {
  readonly coordinator: IMarketDataCoordinator;
  /**
   * One series for each timeframe the coordinator can deliver, with trades in most periods. It needs
   * 450 periods of history in the shortest timeframe, so that requests take several pages; with 1,500
   * larger ones are tested, too.
   */
  readonly series: readonly SeriesKey[];
  /** The first instant the exchange has history for. */
  readonly listedAt: EpochMs;
  /** Whole periods after `listedAt` in which nothing was traded. */
  readonly quiet: CandleRequest;
  /** What the exchange has of a stretch by now, the candle in the making included. */
  candles(request: CandleRequest): readonly Candle[];
  /** Absent ones are not tested. */
  readonly failures?:
    | Readonly<Partial<Record<CoordinatorFailureKind, CoordinatorFailure>>>
    | undefined;
  /** No call to the exchange is answered from now on. Absent: that is not tested. */
  readonly hang?: (() => void) | undefined;
  /**
   * The exchange's answers are this old from now on, in milliseconds: it does not know of later trades,
   * and the time it tells is behind. 0 ends that. Absent: that is not tested.
   */
  readonly lag?: ((ms: number) => void) | undefined;
  /** Frees what the harness holds. */
  readonly close?: (() => void | Promise<void>) | undefined;
}

/**
 * How the coordinator suite gets hold of a coordinator. Let it wait by the context's clock: the suite
 * moves the clock when a call waits for it.
 */
export type CoordinatorHarness = PortHarness<CoordinatorUnderTest>;

export interface CoordinatorCapabilities {
  /** Shortest first. */
  readonly timeframes: readonly Timeframe[];
  readonly failures: readonly CoordinatorFailureKind[];
  readonly hangs: boolean;
  readonly lags: boolean;
}

export type CoordinatorSubject = PortSubject<CoordinatorUnderTest, CoordinatorCapabilities>;

export function coordinatorCapabilities(underTest: CoordinatorUnderTest): CoordinatorCapabilities {
  const { series, failures = {}, hang, lag } = underTest;
  return {
    timeframes: series.map(({ timeframe }) => timeframe).sort(compareTimeframes),
    failures: (['rateLimit', 'outage', 'refusal'] as const).filter((kind) => kind in failures),
    hangs: hang !== undefined,
    lags: lag !== undefined,
  };
}
