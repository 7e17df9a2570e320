import {
  abortedError,
  BarkeepError,
  delay,
  ListenerSet,
  type MonotonicTime,
  throwIfAborted,
  untilAborted,
} from '@barkeep/core';
import type { IMarketDataCoordinator } from '@barkeep/source';
import type { BreakerPolicy, RetryPolicy } from '../config/market-data-config.ts';
import type { BreakerStatistics } from '../contract/market-data-statistics.ts';
import { backoffMs, isRetryable, retryAfterMs } from './retry.ts';

export interface GateTerms {
  readonly breaker: BreakerPolicy;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  readonly nesting: Nesting;
}

/** Whether a call that has passed waits for this one: then it must not wait for that one. */
export interface Nesting {
  readonly isNested: boolean;
  /** Resolves when that begins to be so. */
  readonly becomesNested: Promise<void>;
}

/** A call that was let through. Exactly one of its methods is to be called, once. */
export interface Passage {
  answered(): void;
  failed(error: unknown): void;
}

/** What became of a breaker: `opened` means that calls are refused, `closed` that one was answered since. */
export type BreakerChange = 'opened' | 'closed';

/** No source may keep callers waiting for longer: that would be a mistake of units. */
const LONGEST_WAIT_MS = 86_400_000;

const gates = new WeakMap<IMarketDataCoordinator, SourceGate>();
const refusals = new WeakSet<BarkeepError>();

/** The gate of a coordinator: all services that use it share one. */
export function sourceGate(coordinator: IMarketDataCoordinator, time: MonotonicTime): SourceGate {
  const known = gates.get(coordinator);
  if (known !== undefined) return known;
  const gate = new SourceGate(time);
  gates.set(coordinator, gate);
  return gate;
}

/** Whether an error says that a gate refused a call, so the source was not called. */
export function isRefusal(error: unknown): boolean {
  return BarkeepError.is(error) && refusals.has(error);
}

/**
 * Every call to a source passes here, so that a source that is down costs one call at a time.
 *
 * - After a failure calls go one by one, with growing pauses, until one succeeds. Only a time-out, which
 *   may be the fault of one large request, keeps nobody else waiting.
 * - After `failures` in a row the breaker is open: calls are refused at once, except for one probe after
 *   each pause. Calls that were under way together fail as one.
 * - While the `retryAfterMs` of an error lasts, nobody passes: callers wait for it where their retry policy
 *   has that much patience, and are refused at once where it has not.
 */
export class SourceGate {
  readonly changes: ListenerSet<BreakerChange> = new ListenerSet();
  readonly #time: MonotonicTime;
  #failures = 0;
  /** When it opened, in monotonic time; `undefined` while it is closed. */
  #openedAt: number | undefined;
  /** Whether calls go one by one. */
  #isWary = false;
  /** Until when we leave the source alone, in monotonic time. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Until when it wants to be left alone, and for how long in all. */
  #asked = { until: Number.NEGATIVE_INFINITY, ms: 0 };
  /** The call that all others wait for. */
  #probe: PromiseWithResolvers<void> | undefined;
  #lastError: unknown;
  #calls = 0;
  /** How many calls there had been when the last failure was counted. */
  #callsAtFailure = 0;

  constructor(time: MonotonicTime) {
    this.#time = time;
  }

  statistics({ failures }: BreakerPolicy): BreakerStatistics {
    const retryInMs = this.#pauseMs;
    const now = this.#time.now();
    const isClosed = this.#failures < failures;
    return {
      state: isClosed ? 'closed' : retryInMs > 0 ? 'open' : 'half-open',
      failures: this.#failures,
      retryInMs,
      openMs: isClosed ? 0 : now - (this.#openedAt ?? now),
    };
  }

  /** @throws BarkeepError `SOURCE_FAILED`, retryable, when it refuses; `ABORTED` when the signal fires. */
  async enter(terms: GateTerms): Promise<Passage> {
    const { breaker, retry, signal, nesting } = terms;
    for (;;) {
      throwIfAborted(signal);
      const pauseMs = this.#pauseMs;
      if (this.refuses(breaker, retry)) throw this.#refusal(pauseMs);
      if (pauseMs > 0) {
        await delay(this.#time, pauseMs, signal).catch(() => {
          throw abortedError(signal);
        });
      } else if (this.#probe !== undefined && !nesting.isNested) {
        if (this.#failures >= breaker.failures) throw this.#refusal(breaker.pauseMs);
        const wait = Promise.race([this.#probe.promise, nesting.becomesNested]);
        await untilAborted(wait, signal);
      } else {
        return this.#pass(terms);
      }
    }
  }

  /** Whether it refuses calls for a while. */
  refuses(breaker: BreakerPolicy, retry: RetryPolicy): boolean {
    const isOpen = this.#failures >= breaker.failures;
    const isLong = this.#asked.ms > retry.maxDelayMs && this.#asked.until > this.#time.now();
    return isLong || (isOpen && this.#pauseMs > 0);
  }

  get #pauseMs(): number {
    return Math.max(0, Math.max(this.#pausedUntil, this.#asked.until) - this.#time.now());
  }

  #pass(terms: GateTerms): Passage {
    this.#calls += 1;
    const call = this.#calls;
    const probe =
      this.#isWary && !terms.nesting.isNested ? Promise.withResolvers<void>() : undefined;
    this.#probe ??= probe;
    const end = (): void => {
      if (this.#probe === probe) this.#probe = undefined;
      probe?.resolve();
    };
    return {
      answered: () => {
        this.#answered();
        end();
      },
      failed: (error) => {
        if (!terms.signal.aborted && !isRefusal(error)) this.#failed(error, call, terms);
        end();
      },
    };
  }

  #answered(): void {
    const wasOpen = this.#openedAt !== undefined;
    this.#openedAt = undefined;
    this.#failures = 0;
    this.#isWary = false;
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
    this.#probe?.resolve();
    this.#probe = undefined;
    if (wasOpen) this.changes.emit('closed');
  }

  #failed(error: unknown, call: number, { breaker, retry }: GateTerms): void {
    const now = this.#time.now();
    const askedMs = Math.min(retryAfterMs(error), LONGEST_WAIT_MS);
    if (!isRetryable(error) && askedMs === 0) {
      this.#answered();
      return;
    }
    this.#lastError = error;
    if (now + askedMs > this.#asked.until) this.#asked = { until: now + askedMs, ms: askedMs };
    if (call <= this.#callsAtFailure) return;
    this.#callsAtFailure = this.#calls;
    this.#failures += 1;
    const beyond = this.#failures - breaker.failures;
    if (beyond >= 0) {
      this.#isWary = true;
      this.#pausedUntil = now + Math.min(breaker.pauseMs * 2 ** beyond, breaker.maxPauseMs);
      if (this.#openedAt === undefined) {
        this.#openedAt = now;
        this.changes.emit('opened');
      }
    } else if (!BarkeepError.is(error, 'TIMEOUT')) {
      this.#isWary = true;
      // The least that the caller itself waits before its next attempt.
      this.#pausedUntil = now + backoffMs(this.#failures, retry, 0);
    }
  }

  #refusal(pauseMs: number): BarkeepError {
    const last = this.#lastError;
    const reason = last instanceof Error ? ` after: ${last.message}` : '';
    const message = `the coordinator is not called for a while${reason}`;
    const refusal = new BarkeepError('SOURCE_FAILED', message, {
      cause: last,
      retryable: true,
      details: { retryAfterMs: Math.ceil(pauseMs) },
    });
    refusals.add(refusal);
    return refusal;
  }
}
