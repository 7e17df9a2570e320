import type { SeriesKey } from '@barkeep/core';
import { withBusyTimeout } from './busy-timeout.ts';
import type { Compactor } from './compactor.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { inTransaction } from './transaction.ts';

/** Compacts what is due, one step whenever it is told that there is time for one. */
export class BackgroundCompaction {
  readonly #driver: SqliteDriver;
  readonly #compactor: Compactor;
  readonly #due = new Map<number, SeriesKey>();

  constructor(driver: SqliteDriver, compactor: Compactor) {
    this.#driver = driver;
    this.#compactor = compactor;
  }

  /** Looks through all series for what is due: another process or policy may have left it. */
  findDue(): void {
    for (const { id, key } of this.#compactor.due()) this.#due.set(id, key);
  }

  /** A series may have become due. */
  notice(key: SeriesKey): void {
    const id = this.#compactor.idIfDue(key);
    if (id !== undefined) this.#due.set(id, key);
  }

  /** Does one step, unless another connection is writing; returns whether there is time for more. */
  step(): boolean {
    const [next] = this.#due;
    if (next === undefined) return false;
    const [id, key] = next;
    try {
      const isDue = withBusyTimeout(this.#driver, 0, () => this.#stepOf(key));
      if (!isDue) this.#due.delete(id);
    } catch (error) {
      if (sqliteFailure(error).code === 'BUSY') return false;
      // Damage, or no space: reads, `compact` and the integrity check tell whoever can act on it.
      this.#due.delete(id);
    }
    return this.#due.size > 0;
  }

  #stepOf(key: SeriesKey): boolean {
    return inTransaction(this.#driver, 'write', () => {
      const step = this.#compactor.step(key, this.#compactor.start(key));
      return step !== undefined && this.#compactor.idIfDue(key) !== undefined;
    });
  }
}
