/**
 * The stable names of everything that can go wrong. Code may rely on them; messages may change.
 *
 * | code | meaning | retryable |
 * |---|---|---|
 * | `INVALID_INPUT` | an argument or a value broke a rule; `details` has `field`, `rule`, `value` and, in a batch, `batch` and `index` (CSV: `line`). Nothing was stored | no |
 * | `NOT_OPEN` | the handle is idle, opening, closing or closed; `details.state` says which | no |
 * | `ABORTED` | the caller's `AbortSignal` fired; `cause` is its reason | no |
 * | `UNSUPPORTED` | the adapter's `capabilities` do not include this call | no |
 * | `BUSY` | another connection or browser tab held a lock for longer than the busy timeout | yes |
 * | `READ_ONLY` | the file, directory or server refuses writes | no |
 * | `CANNOT_OPEN` | the database, directory or server cannot be opened; or an open database was deleted, moved or replaced, and a change was refused | no |
 * | `NOT_A_DATABASE` | the file exists and is something else | no |
 * | `CORRUPT` | stored bytes are damaged; `details` names what and where | no |
 * | `SCHEMA_TOO_NEW` | a newer Barkeep wrote this database | no |
 * | `DISK_FULL` | no space is left; nothing was stored | yes |
 * | `IO` | the operating system reported another I/O error | yes |
 * | `UNAVAILABLE` | a server cannot be reached | yes |
 * | `TIMEOUT` | no answer within the time allowed | yes |
 * | `OVERLOADED` | a bounded queue is full | yes |
 * | `SOURCE_FAILED` | the coordinator or router could not deliver | as the source said |
 * | `INCOMPATIBLE` | Node.js, a driver or a library has a version that is known to fail | no |
 * | `MISSING_PACKAGE` | an adapter's package is not installed; `details.install` is the command | no |
 * | `INTERNAL` | a bug in Barkeep or in an adapter | no |
 */
export type BarkeepErrorCode =
  | 'INVALID_INPUT'
  | 'NOT_OPEN'
  | 'ABORTED'
  | 'UNSUPPORTED'
  | 'BUSY'
  | 'READ_ONLY'
  | 'CANNOT_OPEN'
  | 'NOT_A_DATABASE'
  | 'CORRUPT'
  | 'SCHEMA_TOO_NEW'
  | 'DISK_FULL'
  | 'IO'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'OVERLOADED'
  | 'SOURCE_FAILED'
  | 'INCOMPATIBLE'
  | 'MISSING_PACKAGE'
  | 'INTERNAL';

/** Codes for which the same call may succeed later, unless the error sets `retryable` itself. */
const RETRYABLE: ReadonlySet<BarkeepErrorCode> = new Set<BarkeepErrorCode>([
  'BUSY',
  'DISK_FULL',
  'IO',
  'UNAVAILABLE',
  'TIMEOUT',
  'OVERLOADED',
]);

/** Facts about one error, by name. Plain values that can be logged or posted to another thread. */
export type BarkeepErrorDetails = Readonly<Record<string, unknown>>;

export interface BarkeepErrorOptions {
  /** Whether the same call may succeed later. Default: derived from the code. */
  readonly retryable?: boolean;
  readonly details?: BarkeepErrorDetails;
  readonly cause?: unknown;
}

/**
 * The error class of every failure Barkeep reports, except programming mistakes (`TypeError`,
 * `RangeError`). Branch on `code`; messages may change between versions.
 *
 * @example
 * try {
 *   await storage.open();
 * } catch (error) {
 *   if (BarkeepError.is(error, 'BUSY')) return retryLater();
 *   throw error;
 * }
 */
export class BarkeepError extends Error {
  /**
   * `AbortError` if the code is `ABORTED`, as with `fetch` and other web APIs; otherwise
   * `BarkeepError`.
   */
  override readonly name: string;
  readonly code: BarkeepErrorCode;
  /** Whether the same call may succeed later without any change by the caller. */
  readonly retryable: boolean;
  readonly details: BarkeepErrorDetails;

  constructor(code: BarkeepErrorCode, message: string, options: BarkeepErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code === 'ABORTED' ? 'AbortError' : 'BarkeepError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.details = Object.freeze({ ...options.details });
  }

  /**
   * Whether `error` is a BarkeepError and, if `code` is given, has that code. Prefer it to
   * `instanceof`: it also recognizes errors from another copy of this package.
   */
  static is(error: unknown, code?: BarkeepErrorCode): error is BarkeepError {
    return (
      error instanceof Error &&
      'code' in error &&
      (error.name === 'BarkeepError' ||
        (error.name === 'AbortError' && error.code === 'ABORTED')) &&
      (code === undefined || error.code === code)
    );
  }
}
