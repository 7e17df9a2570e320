import type { SqliteDriver } from '@barkeep/sqlite-engine';
import { assertDefined, assertTrue, ConformanceError } from '../../assertions.ts';
import type {
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
} from '../../conformance-harness.ts';

type Awaitable<T> = T | Promise<T>;

/** How the suite gets hold of a driver. `module`, `knownGaps` and `model` are as in `ConformanceHarness`. */
export interface SqliteDriverHarness
  extends Pick<ConformanceHarness<ConformanceSubject>, 'name' | 'module' | 'knownGaps' | 'model'> {
  /**
   * A connection to the database of a context: with `image`, to one of these bytes. Called again with
   * the context of a driver with `createAt`: to the same database.
   */
  create(context: HarnessContext, image?: Uint8Array): Awaitable<SqliteDriver>;
  /** A connection to the file at a path. Absent where databases are in memory, each its connection's own. */
  createAt?(path: string, context: HarnessContext): Awaitable<SqliteDriver>;
}

/** A connection under test, in the shape that the runner knows. */
export class SqliteDriverSubject implements ConformanceSubject {
  readonly capabilities: { readonly files: boolean };
  readonly #connect: (image?: Uint8Array) => Awaitable<SqliteDriver>;
  #driver: SqliteDriver | undefined;

  constructor(files: boolean, connect: (image?: Uint8Array) => Awaitable<SqliteDriver>) {
    this.capabilities = { files };
    this.#connect = connect;
  }

  get driver(): SqliteDriver {
    return assertDefined(this.#driver, 'an open connection');
  }

  async open(image?: Uint8Array): Promise<void> {
    this.#driver = await this.#connect(image);
  }

  async close(): Promise<void> {
    this.#driver?.close();
  }
}

export function driverConformanceHarness(
  harness: SqliteDriverHarness,
): ConformanceHarness<SqliteDriverSubject> {
  const { create, createAt, ...rest } = harness;
  const files = createAt !== undefined;
  return {
    ...rest,
    create: (context) => new SqliteDriverSubject(files, (image) => create(context, image)),
    ...(files && {
      createAt: (path, context) => new SqliteDriverSubject(files, () => createAt(path, context)),
    }),
  };
}

/** Asserts that a call throws an Error, with a result code of SQLite where one is named. */
export function assertFails(call: () => unknown, code: RegExp | undefined, what: string): void {
  try {
    call();
  } catch (error) {
    assertTrue(error instanceof Error, `${what} throws an Error, not ${error}`);
    if (code === undefined || ('code' in error && code.test(String(error.code)))) return;
    const found = 'code' in error ? error.code : 'an error without a code';
    throw new ConformanceError(`${what} should fail with ${code.source}, not with ${found}`, {
      cause: error,
    });
  }
  throw new ConformanceError(`${what} should throw`);
}
