import {
  type ArchivePolicy,
  compactionStart,
  compactionStep,
  decide,
  dueRows,
  isChange,
} from '@barkeep/candle-archive';
import { type EpochMs, isTimeframe, type SeriesKey } from '@barkeep/core';
import { WHOLE_TABLE } from './maintenance/statement-plan.ts';
import type { SqliteArchive } from './sqlite-archive.ts';
import type { SqliteStatement } from './sqlite-driver.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { inTransaction } from './transaction.ts';
import { withBusyTimeout } from './with-busy-timeout.ts';

/** A series to compact, and how far steps have looked that found nothing to do. */
interface DueSeries {
  readonly key: SeriesKey;
  readonly from: EpochMs | undefined;
}

/** Compacts what is due, one step whenever it is told that there is time for one. */
export class BackgroundCompaction {
  readonly #archive: SqliteArchive;
  readonly #policy: ArchivePolicy | 'off';
  readonly #findDue: SqliteStatement<
    readonly [id: number, symbol: string, timeframe: SeriesKey['timeframe']]
  >;
  readonly #due = new Map<number, DueSeries>();

  constructor(archive: SqliteArchive, policy: ArchivePolicy | 'off') {
    this.#archive = archive;
    this.#policy = policy;
    this.#findDue = archive.driver.prepare(
      `SELECT id, symbol, timeframe FROM series ${WHOLE_TABLE} WHERE ${
        policy === 'off'
          ? 'id IN (SELECT DISTINCT series_id FROM segments)'
          : `row_count >= ${dueRows(policy)}`
      }`,
    );
  }

  /** Looks through all series for what is due: another process or policy may have left it. */
  findDue(): void {
    for (const [id, symbol, timeframe] of this.#findDue.all([])) {
      if (isTimeframe(timeframe))
        this.#due.set(id, { key: { symbol, timeframe }, from: undefined });
    }
  }

  /** A series may have become due. */
  notice(key: SeriesKey): void {
    const id = this.#idIfDue(key);
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
      const rest = withBusyTimeout(this.#archive.driver, 0, () => this.#stepOf(due));
      if (rest === undefined) this.#due.delete(id);
      else this.#due.set(id, rest);
    } catch (error) {
      if (sqliteFailure(error).code === 'BUSY') return false;
      this.#due.delete(id);
      throw error;
    }
    return this.#due.size > 0;
  }

  #idIfDue(key: SeriesKey): number | undefined {
    const series = this.#archive.find(key);
    if (series === undefined) return undefined;
    const isDue =
      this.#policy === 'off'
        ? this.#archive.candleSegments.extent(series.id) !== undefined
        : series.rowCount >= dueRows(this.#policy);
    return isDue ? series.id : undefined;
  }

  /** What is left to do; `undefined` when nothing is, or nothing that could be done. */
  #stepOf({ key, from }: DueSeries): DueSeries | undefined {
    const [archive, policy] = [this.#archive, this.#policy];
    return inTransaction(archive.driver, 'write', () => {
      const start = from ?? decide(compactionStart(key, policy), archive);
      const step = decide(compactionStep(key, start, policy), archive);
      if (step === undefined || this.#idIfDue(key) === undefined) return undefined;
      if (isChange(step)) return { key, from: undefined };
      return step.next > start ? { key, from: step.next } : undefined;
    });
  }
}
