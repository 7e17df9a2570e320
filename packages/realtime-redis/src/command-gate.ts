import { BarkeepError } from '@barkeep/core';
import { type Deadline, Deadlines } from './deadlines.ts';
import { redisFailure } from './redis-failure.ts';

export interface CommandGateOptions {
  /** The most commands under way. */
  readonly maxPending: number;
  readonly timeoutMs: number;
}

/**
 * Bounds the commands under way, in number and in time. A caller leaves when his time is over, but the
 * command stays counted until the client has settled it: until then it holds memory.
 */
export class CommandGate {
  readonly #options: CommandGateOptions;
  readonly #deadlines: Deadlines;
  #pending = 0;

  constructor(options: CommandGateOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.timeoutMs);
  }

  /** Counts one command more, unless too many are under way. */
  admits(): boolean {
    if (this.#pending >= this.#options.maxPending) return false;
    this.#pending += 1;
    return true;
  }

  overloaded(): BarkeepError {
    const { maxPending } = this.#options;
    return new BarkeepError('OVERLOADED', `${maxPending} commands wait for Redis already`, {
      details: { maxPendingCommands: maxPending },
    });
  }

  release(commands = 1): void {
    this.#pending -= commands;
  }

  watch(onMissed: (error: BarkeepError) => void): Deadline {
    return this.#deadlines.watch(() => onMissed(timedOut(this.#options.timeoutMs)));
  }

  met(deadline: Deadline): void {
    this.#deadlines.met(deadline);
  }

  /** A command's outcome, in time. @throws BarkeepError `OVERLOADED`, `TIMEOUT`, or how it failed. */
  run<T>(send: () => Promise<T>): Promise<T> {
    if (!this.admits()) return Promise.reject(this.overloaded());
    return new Promise<T>((resolve, reject) => {
      const deadline = this.watch(reject);
      const settle = (): void => {
        this.release();
        this.met(deadline);
      };
      send().then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          reject(redisFailure(error));
        },
      );
    });
  }

  stop(): void {
    this.#deadlines.stop();
  }
}

function timedOut(timeoutMs: number): BarkeepError {
  return new BarkeepError('TIMEOUT', `Redis did not answer within ${timeoutMs} ms`, {
    details: { commandTimeoutMs: timeoutMs },
  });
}
