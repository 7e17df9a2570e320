import type { SqliteDriver } from '@barkeep/sqlite-engine';
import { assertDefined, ConformanceError } from '../../assertions.ts';
import type {
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
} from '../../conformance-harness.ts';

type Connect = (image?: Uint8Array) => SqliteDriver | Promise<SqliteDriver>;

/** How the suite gets hold of a driver; what has no comment is as in `ConformanceHarness`. */
export interface SqliteDriverHarness
  extends Pick<ConformanceHarness<ConformanceSubject>, 'name' | 'module' | 'knownGaps' | 'model'> {
  /**
   * A connection to the database of a context: with `image`, to one of these bytes. Called again with
   * the context of a driver with `createAt`: to the same database.
   */
  create(context: HarnessContext, image?: Uint8Array): ReturnType<Connect>;
  /** A connection to the file at a path. Absent where databases are in memory, each its connection's own. */
  createAt?(path: string, context: HarnessContext): ReturnType<Connect>;
}

/** A connection under test, in the shape that the runner knows. */
export class SqliteDriverSubject implements ConformanceSubject {
  readonly capabilities: { readonly files: boolean };
  readonly #connect: Connect;
  #driver: SqliteDriver | undefined;

  constructor(files: boolean, connect: Connect) {
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

/** Asserts that a call throws an Error with a result code of SQLite that begins so; '': with any or none. */
export function assertFails(call: () => unknown, code: string, what: string): void {
  let found: string;
  try {
    found = `nothing: it returned ${call()}`;
  } catch (error) {
    found = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (error instanceof Error && (code === '' || found.startsWith(code))) return;
  }
  throw new ConformanceError(`${what} should fail with an Error ${code}, not with ${found}`);
}
