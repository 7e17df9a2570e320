/** Drivers that are wrong on purpose, each in a way that a user of the database would see. */
import { rmSync } from 'node:fs';
import type { SqliteDriverHarness } from '@barkeep/conformance/sqlite';
import type { SqliteDriver, SqliteRow, SqliteStatement, SqliteValue } from '@barkeep/sqlite-engine';
import { betterSqlite3Harness } from './driver-harnesses.ts';

/** A suite that lets one of these pass is not worth running. */
export interface PlantedDriverBug {
  /** What it does wrong, completing "a driver that …". */
  readonly name: string;
  /** The key of the scenario that must fail. Others may fail too. */
  readonly caughtBy: string;
  readonly harness: SqliteDriverHarness;
}

type Run = (parameters: SqliteRow) => number;

export const plantedDriverBugs: readonly PlantedDriverBug[] = [
  bug(
    'reads integers as 32 bits',
    'model/commands',
    reading((value) => intOf(value)),
  ),
  bug(
    'rounds reals to fifteen digits',
    'model/commands',
    reading((value) => (typeof value === 'number' ? Number(value.toPrecision(15)) : value)),
  ),
  bug(
    'ends texts at U+0000',
    'model/commands',
    writing((value) => (typeof value === 'string' ? (value.split('\0')[0] ?? '') : value)),
  ),
  bug(
    'composes texts',
    'model/commands',
    writing((value) => (typeof value === 'string' ? value.normalize('NFC') : value)),
  ),
  bug(
    'reads empty blobs as null',
    'model/commands',
    reading((value) => (value instanceof Uint8Array && value.length === 0 ? null : value)),
  ),
  bug(
    'stores the whole buffer that a view is of',
    'model/commands',
    writing((value) => (value instanceof Uint8Array ? new Uint8Array(value.buffer) : value)),
  ),
  bug('gives blobs in memory that it uses again', 'model/commands', (driver) => {
    const memory = new Uint8Array(100_000);
    return reading((value) => {
      if (!(value instanceof Uint8Array)) return value;
      memory.set(value.subarray(0, memory.length));
      return memory.subarray(0, value.length);
    })(driver);
  }),
  bug('leaves a parameter as it was where it is null', 'statements/kept', (driver) => {
    return statements(driver, (statement) => {
      let bound: SqliteRow = [];
      const sticky = (parameters: SqliteRow): SqliteRow => {
        bound = parameters.map((value, i) => value ?? bound[i] ?? null);
        return bound;
      };
      return {
        run: (parameters) => statement.run(sticky(parameters)),
        all: (parameters) => statement.all(sticky(parameters)),
      };
    });
  }),
  bug('leaves the read of a first row open', 'statements/kept', (driver) => {
    return statements(driver, (statement) => ({
      get: (parameters) => {
        if (!driver.inTransaction) driver.exec('BEGIN');
        return statement.get(parameters);
      },
    }));
  }),
  bug('counts the changes of the statement before', 'statements/counts', (driver) => {
    let last = 0;
    return runs(driver, (run, sql) => (parameters) => {
      const changes = run(parameters);
      if (/^\s*(INSERT|UPDATE|DELETE)/i.test(sql)) last = changes;
      return last;
    });
  }),
  bug('fails with statements from before a change of the schema', 'statements/kept', (driver) => {
    let changes = 0;
    return {
      ...statements(driver, (statement) => {
        const prepared = changes;
        return {
          all: (parameters) => {
            if (prepared !== changes) throw new Error('the schema has changed');
            return statement.all(parameters);
          },
        };
      }),
      exec: (sql) => {
        driver.exec(sql);
        if (/\b(ALTER|DROP)\b/i.test(sql)) changes += 1;
      },
    };
  }),
  bug('gives one array for all rows', 'model/commands', (driver) => {
    return statements(driver, (statement) => ({
      all: (parameters) => {
        const rows = statement.all(parameters);
        return rows.map(() => rows.at(-1) ?? []);
      },
    }));
  }),
  bug('gives a thousand rows at most', 'sizes/large', (driver) => {
    return statements(driver, (statement) => ({
      all: (parameters) => statement.all(parameters).slice(0, 1_000),
    }));
  }),
  bug('runs only the first of several statements', 'exec/several', (driver) => ({
    exec: (sql) => driver.exec(sql.split(';')[0] ?? ''),
  })),
  bug('gives its errors no code', 'errors/codes', (driver) => ({
    exec: (sql) => {
      try {
        driver.exec(sql);
      } catch (error) {
        throw new Error(String(error));
      }
    },
  })),
  bug('passes over rows that break a constraint', 'errors/codes', (driver) => {
    return runs(driver, (run) => (parameters) => {
      try {
        return run(parameters);
      } catch (error) {
        if (/CONSTRAINT/.test(String(Reflect.get(Object(error), 'code')))) return 0;
        throw error;
      }
    });
  }),
  bug('makes a new database of what is none', 'errors/opening', (driver, path) => ({
    exec: (sql) => {
      try {
        driver.exec(sql);
      } catch (error) {
        if (Reflect.get(Object(error), 'code') === 'SQLITE_NOTADB') rmSync(path);
        else throw error;
      }
    },
  })),
  bug('counts BEGIN and COMMIT to know of a transaction', 'model/commands', (driver) => {
    let isOpen = false;
    return {
      get inTransaction() {
        return isOpen;
      },
      exec: (sql) => {
        driver.exec(sql);
        if (/\bBEGIN\b/i.test(sql)) isOpen = true;
        if (/\b(COMMIT|END|ROLLBACK)\b(?! TO)/i.test(sql)) isOpen = false;
      },
    };
  }),
  bug('commits after each run', 'model/commands', (driver) => {
    return runs(driver, (run) => (parameters) => {
      const changes = run(parameters);
      if (driver.inTransaction) driver.exec('COMMIT; BEGIN');
      return changes;
    });
  }),
  bug('shows others what is not committed', 'model/commands', (driver) => ({
    exec: (sql) => driver.exec(/^\s*BEGIN/i.test(sql) ? 'SELECT 1' : sql),
  })),
  bug('commits when it is closed', 'kill/committed', (driver) => {
    let isOurs = false;
    return {
      exec: (sql) => {
        if (isOurs && /^\s*(BEGIN|PRAGMA)/i.test(sql)) driver.exec('COMMIT');
        driver.exec(sql);
        isOurs = !driver.inTransaction;
        if (isOurs) driver.exec('BEGIN');
      },
      close: () => {
        if (isOurs) driver.exec('COMMIT');
        driver.close();
      },
    };
  }),
  bug('keeps its connection when it is closed', 'close/ended', () => ({
    close: () => undefined,
  })),
];

/** For the processes that the suite starts. */
export const harnesses: readonly SqliteDriverHarness[] = plantedDriverBugs.map(
  ({ harness }) => harness,
);

function bug(
  name: string,
  caughtBy: string,
  plant: (driver: SqliteDriver, path: string) => Partial<SqliteDriver>,
): PlantedDriverBug {
  const harness = betterSqlite3Harness(name, import.meta.url, (driver, path) => {
    const parts = plant(driver, path);
    return {
      get inTransaction() {
        return parts.inTransaction ?? driver.inTransaction;
      },
      exec: parts.exec ?? ((sql) => driver.exec(sql)),
      prepare: parts.prepare ?? (<Row extends SqliteRow>(sql: string) => driver.prepare<Row>(sql)),
      close: parts.close ?? (() => driver.close()),
    };
  });
  return { name, caughtBy: `sqlite-driver/${caughtBy}`, harness };
}

/** Parts of every statement replaced. */
function statements(
  driver: SqliteDriver,
  replace: (statement: SqliteStatement, sql: string) => Partial<SqliteStatement>,
): Pick<SqliteDriver, 'prepare'> {
  return {
    prepare: <Row extends SqliteRow>(sql: string) => {
      const statement = driver.prepare<Row>(sql);
      // Rows are what they were, in number and kind of columns.
      return { ...statement, ...replace(statement, sql) } as SqliteStatement<Row>;
    },
  };
}

function runs(
  driver: SqliteDriver,
  replace: (run: Run, sql: string) => Run,
): Pick<SqliteDriver, 'prepare'> {
  return statements(driver, ({ run }, sql) => ({ run: replace(run, sql) }));
}

function reading(read: (value: SqliteValue) => SqliteValue) {
  return (driver: SqliteDriver): Partial<SqliteDriver> =>
    statements(driver, ({ get, all }) => ({
      get: (parameters) => get(parameters)?.map(read),
      all: (parameters) => all(parameters).map((row) => row.map(read)),
    }));
}

function writing(write: (value: SqliteValue) => SqliteValue) {
  return (driver: SqliteDriver): Partial<SqliteDriver> =>
    runs(driver, (run) => (parameters) => run(parameters.map(write)));
}

function intOf(value: SqliteValue): SqliteValue {
  return Number.isSafeInteger(value) ? Number(value) | 0 : value;
}
