import { BarkeepError } from '@barkeep/core';

/**
 * SQLite as it is built into the runtime. Node up to 24.14 warns that it is experimental, which is
 * nothing that a user of this package could act on.
 *
 * @throws BarkeepError `INCOMPATIBLE` where there is none.
 */
export function nodeSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...details: readonly unknown[]): void => {
    if (details[0] === 'ExperimentalWarning' && /\bSQLite\b/.test(String(warning))) return;
    Reflect.apply(emitWarning, process, [warning, ...details]);
  };
  try {
    const found = process.getBuiltinModule('node:sqlite');
    if (found !== undefined) return found;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new BarkeepError(
    'INCOMPATIBLE',
    'a database file is locked with node:sqlite, which this runtime does not have: use Node.js 22.14 or later without --no-experimental-sqlite, or give a persister',
    { details: { needed: 'node:sqlite' } },
  );
}
