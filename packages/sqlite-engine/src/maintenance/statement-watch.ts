import type { EpochMs } from '@barkeep/core';
import type { SlowQuery } from '@barkeep/storage';
import type { SqliteDriver, SqliteRow, SqliteStatement } from '../sqlite-driver.ts';
import { statementPlan } from './statement-plan.ts';

/** Nothing faster is slow, however fast a statement usually is. */
const LEAST_SLOW_MS = 20;
/** How many times its usual time makes a statement slow. */
const SLOW_FACTOR = 20;
/** Weight of the latest time in the usual one. */
const WEIGHT = 0.05;
const MOST_KEPT = 100;

/** What is known of one statement. */
interface Watched {
  /** A moving average of what it takes. */
  usualMs: number;
}

/** Times every statement of a connection, and keeps those that took far longer than they usually do. */
export class StatementWatch {
  readonly driver: SqliteDriver;
  readonly #driver: SqliteDriver;
  readonly #watched = new Map<string, Watched>();
  #slow: SlowQuery[] = [];

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
    this.driver = {
      get inTransaction() {
        return driver.inTransaction;
      },
      exec: (sql) => driver.exec(sql),
      prepare: (sql) => this.#watch(sql),
      close: () => driver.close(),
    };
  }

  /** The latest, oldest first. */
  get slow(): readonly SlowQuery[] {
    return this.#slow;
  }

  /** Every statement that was prepared, but pragmas. */
  get statements(): readonly string[] {
    return [...this.#watched.keys()].filter((sql) => !sql.startsWith('PRAGMA'));
  }

  #watch<Row extends SqliteRow>(sql: string): SqliteStatement<Row> {
    const statement = this.#driver.prepare<Row>(sql);
    const watched = this.#watched.get(sql) ?? { usualMs: 0 };
    this.#watched.set(sql, watched);
    const timed = <T>(parameters: SqliteRow, work: (parameters: SqliteRow) => T): T => {
      const start = performance.now();
      const result = work(parameters);
      this.#took(sql, watched, parameters, performance.now() - start);
      return result;
    };
    return {
      run: (parameters) => timed(parameters, statement.run),
      get: (parameters) => timed(parameters, statement.get),
      all: (parameters) => timed(parameters, statement.all),
    };
  }

  #took(sql: string, watched: Watched, parameters: SqliteRow, tookMs: number): void {
    const thresholdMs = Math.max(LEAST_SLOW_MS, SLOW_FACTOR * watched.usualMs);
    watched.usualMs += WEIGHT * (tookMs - watched.usualMs);
    if (tookMs <= thresholdMs) return;
    const at: EpochMs = Date.now();
    const plan = statementPlan(this.#driver, sql);
    const slow = { at, sql, parameters: shapeOf(parameters), tookMs, thresholdMs, plan };
    this.#slow = [...this.#slow.slice(1 - MOST_KEPT), slow];
  }
}

/** What was bound, without its values. */
function shapeOf(parameters: SqliteRow): string {
  return parameters
    .map((value) => {
      if (value === null) return 'null';
      if (typeof value === 'string') return `text(${value.length})`;
      if (value instanceof Uint8Array) return `blob(${value.length})`;
      return Number.isInteger(Number(value)) ? 'integer' : 'real';
    })
    .join(', ');
}
