import type { EpochMs, SeriesKey } from '@barkeep/core';
import { withBusyTimeout } from './busy-timeout.ts';
import { isChange } from './compaction-step.ts';
import type { Compactor } from './compactor.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { inTransaction } from './transaction.ts';

/** A series to compact, and how far steps have looked that found nothing to do. */
interface DueSeries {
  readonly key: SeriesKey;
  readonly from: EpochMs | undefined;
}

/** Compacts what is due, one step whenever it is told that there is time for one. */
export class BackgroundCompaction {
  readonly #driver: SqliteDriver;
  readonly #compactor: Compactor;
  readonly #due = new Map<number, DueSeries>();

  constructor(driver: SqliteDriver, compactor: Compactor) {
    this.#driver = driver;
    this.#compactor = compactor;
  }

  /** Looks through all series for what is due: another process or policy may have left it. */
  findDue(): void {
    for (const { id, key } of this.#compactor.due()) this.#due.set(id, { key, from: undefined });
  }

  /** A series may have become due. */
  notice(key: SeriesKey): void {
    const id = this.#compactor.idIfDue(key);
    if (id !== undefined && !this.#due.has(id)) this.#due.set(id, { key, from: undefined });
  }

  /**
   * Does one step, unless another connection is writing; returns whether there is more to do.
   * @throws BarkeepError on damage or a full disk. The series is left alone until it is due again.
   */
  step(): boolean {
    const [next] = this.#due;
    if (next === undefined) return false;
    const [id, due] = next;
    try {
      const rest = withBusyTimeout(this.#driver, 0, () => this.#stepOf(due));
      if (rest === undefined) this.#due.delete(id);
      else this.#due.set(id, rest);
    } catch (error) {
      if (sqliteFailure(error).code === 'BUSY') return false;
      this.#due.delete(id);
      throw error;
    }
    return this.#due.size > 0;
  }

  /** What is left to do; `undefined` when nothing is, or nothing that could be done. */
  #stepOf({ key, from }: DueSeries): DueSeries | undefined {
    return inTransaction(this.#driver, 'write', () => {
      const start = from ?? this.#compactor.start(key);
      const step = this.#compactor.step(key, start);
      if (step === undefined || this.#compactor.idIfDue(key) === undefined) return undefined;
      if (isChange(step)) return { key, from: undefined };
      return step.next > start ? { key, from: step.next } : undefined;
    });
  }
}
