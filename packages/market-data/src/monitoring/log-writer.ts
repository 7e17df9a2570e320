import { type Clock, monotonicTime } from '@barkeep/core';
import type { Logger } from '../contract/logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

interface Allowance {
  /** When the minute began in which lines are counted, in monotonic time. */
  since: number;
  lines: number;
  suppressed: number;
}

const PERIOD_MS = 60_000;
/** More lines of one kind are left out, and counted in the next one that is written. */
const LINES_PER_PERIOD = 5;

/** Writes lines to a logger of any shape, few of a kind, whatever the logger does. */
export class LogWriter {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #takesFields: boolean;
  /** By kind, of which there are a few dozen. */
  readonly #allowances = new Map<string, Allowance>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#takesFields = hasMethod(logger, 'child') && !hasMethod(logger, 'log');
  }

  /** @param kind What is rate-limited together. */
  write(level: LogLevel, kind: string, message: string, fields: LogFields): void {
    const suppressed = this.#admit(kind);
    if (suppressed === undefined) return;
    const all = { kind, ...fields, ...(suppressed > 0 ? { suppressed } : {}) };
    try {
      const returned = this.#takesFields
        ? this.#logger[level](all, message)
        : this.#logger[level](readable(message, all));
      // A logger that fails has nobody to be reported to: what is logged is in `stats()` and events, too.
      if (returned instanceof Promise) returned.catch(() => {});
    } catch {
      // As above.
    }
  }

  /** How many lines of the kind were left out before; `undefined` when this one is. */
  #admit(kind: string): number | undefined {
    const now = monotonicTime(this.#clock).now();
    const allowance = this.#allowances.get(kind) ?? { since: now, lines: 0, suppressed: 0 };
    this.#allowances.set(kind, allowance);
    if (now - allowance.since >= PERIOD_MS) {
      allowance.since = now;
      allowance.lines = 0;
    }
    if (allowance.lines >= LINES_PER_PERIOD) {
      allowance.suppressed += 1;
      return undefined;
    }
    allowance.lines += 1;
    const { suppressed } = allowance;
    allowance.suppressed = 0;
    return suppressed;
  }
}

/** One line, whatever is in it. */
function readable(message: string, fields: LogFields): string {
  const written = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${typeof value === 'string' ? quoted(value) : value}`,
  );
  return `barkeep: ${[message.replaceAll(/\s+/g, ' '), ...written].join(' ')}`;
}

function quoted(value: string): string {
  return /^[\w:./-]+$/.test(value) ? value : JSON.stringify(value);
}

function hasMethod(logger: object, name: string): boolean {
  return typeof Reflect.get(logger, name) === 'function';
}
