import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HarnessContext, SqliteDriverHarness } from '@barkeep/conformance/sqlite';
import type { SqliteDriver } from '@barkeep/sqlite-engine';
import { BetterSqlite3Driver } from '../src/better-sqlite3-driver.ts';

/** In a module of its own, because processes that the suite starts read it, too. */
export const harnesses: readonly SqliteDriverHarness[] = [
  betterSqlite3Harness('better-sqlite3', import.meta.url),
];

/** The harness of the driver, or of what a test makes of it; `module` exports it among `harnesses`. */
export function betterSqlite3Harness(
  name: string,
  module: string,
  wrap: (driver: SqliteDriver, path: string) => SqliteDriver = (driver) => driver,
): SqliteDriverHarness {
  const connect = (path: string): SqliteDriver =>
    wrap(new BetterSqlite3Driver({ path, busyTimeoutMs: 1_000 }), path);
  return {
    name,
    module,
    create: ({ directory }: HarnessContext, image?: Uint8Array) => {
      const path = join(directory, 'database.sqlite3');
      if (image !== undefined) writeFileSync(path, image);
      return connect(path);
    },
    createAt: connect,
  };
}
