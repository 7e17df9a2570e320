import type { TimeJump } from '@barkeep/core';
import type { AlertEvent } from '../contract/alert.ts';
import type { MaintenanceRun } from '../contract/maintenance.ts';
import type { FailureEvent, Notice } from '../contract/market-data-event.ts';
import type { BreakerChange } from '../fetching/source-gate.ts';
import type { LogWriter } from './log-writer.ts';

/** What of a service's life is worth a line. */
export class ServiceLog {
  readonly #writer: LogWriter;

  constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  notice(notice: Notice): void {
    if (notice.type === 'failure') this.#failure(notice);
    else if (notice.type === 'alert') this.#alert(notice);
    else this.#run(notice.run);
  }

  clockJumped({ byMs, before, after }: TimeJump): void {
    const message =
      byMs > 0 ? 'the clock was set ahead, or the process stood still' : 'the clock was set back';
    this.#writer.write('warn', 'clock-jump', message, { byMs: Math.round(byMs), before, after });
  }

  breakerChanged(change: BreakerChange): void {
    if (change === 'opened') {
      this.#writer.write('warn', 'breaker', 'the coordinator keeps failing and is left alone', {
        breaker: change,
      });
    } else {
      this.#writer.write('info', 'breaker', 'the coordinator answers again', { breaker: change });
    }
  }

  slow(operation: string, elapsedMs: number): void {
    this.#writer.write('warn', `slow:${operation}`, `${operation} took long`, {
      operation,
      durationMs: Math.round(elapsedMs),
    });
  }

  #failure({ of, key, error, at }: FailureEvent): void {
    const { code, message, retryable } = error;
    const level = retryable ? 'warn' : 'error';
    this.#writer.write(level, `failure:${of}`, `${of} failed: ${message}`, {
      code,
      retryable,
      symbol: key?.symbol,
      timeframe: key?.timeframe,
      at,
    });
  }

  /** What failed is reported as a failure. */
  #run({ action, outcome, message, tookMs, freedBytes }: MaintenanceRun): void {
    if (outcome === 'failed') return;
    const durationMs = Math.round(tookMs);
    const facts = { action, outcome, durationMs, freedBytes };
    this.#writer.write('info', `maintenance:${action}`, `${action} ${outcome}: ${message}`, facts);
  }

  #alert({ name, level, value, threshold, at, message }: AlertEvent): void {
    const isRaised = level === 'raised';
    this.#writer.write(isRaised ? 'warn' : 'info', `alert:${name}`, `alert ${level}: ${message}`, {
      alert: name,
      level,
      value,
      threshold,
      at,
    });
  }
}
