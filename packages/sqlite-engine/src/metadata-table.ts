import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts';

/** The table `metadata`: JSON texts by key. */
export class MetadataTable {
  readonly #get: SqliteStatement<readonly [value: string]>;
  readonly #set: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #keys: SqliteStatement<readonly [key: string]>;

  constructor(driver: SqliteDriver) {
    this.#get = driver.prepare('SELECT value FROM metadata WHERE key = ?');
    this.#set = driver.prepare(
      `INSERT INTO metadata (key, value) VALUES (?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
    );
    this.#delete = driver.prepare('DELETE FROM metadata WHERE key = ?');
    this.#keys = driver.prepare(
      'SELECT key FROM metadata WHERE key >= ? AND substr(key, 1, length(?)) = ? ORDER BY key',
    );
  }

  get(key: string): string | undefined {
    return this.#get.get([key])?.[0];
  }

  set(key: string, text: string): void {
    this.#set.run([key, text]);
  }

  /** Returns whether it was there. */
  delete(key: string): boolean {
    return this.#delete.run([key]) > 0;
  }

  /** The keys that start with the prefix. */
  keys(prefix: string): string[] {
    return this.#keys.all([prefix, prefix, prefix]).map(([key]) => key);
  }
}
