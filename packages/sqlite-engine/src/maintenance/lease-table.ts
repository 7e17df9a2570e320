import type { EpochMs } from '@barkeep/core';
import type { SqliteDriver, SqliteStatement } from '../sqlite-driver.ts';

/** The table `leases`: who does what, and until when. */
export class LeaseTable {
  readonly #take: SqliteStatement;
  readonly #giveBack: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#take = driver.prepare(
      `INSERT INTO leases (name, owner, until) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
       WHERE owner = excluded.owner OR until <= ?`,
    );
    this.#giveBack = driver.prepare('DELETE FROM leases WHERE name = ? AND owner = ?');
  }

  /** Returns whether the owner has it from now until then. */
  take(name: string, owner: string, now: EpochMs, until: EpochMs): boolean {
    return this.#take.run([name, owner, until, now]) > 0;
  }

  giveBack(name: string, owner: string): void {
    this.#giveBack.run([name, owner]);
  }
}
