import { BarkeepError } from './barkeep-error.ts';
import { type EpochMs, epochMsRangeFault } from './epoch-ms.ts';

/** The `details` of an `INVALID_INPUT` error. */
export interface InvalidInputDetails {
  /** The argument or field that broke the rule, such as `high` or `limit`. */
  readonly field: string;
  /** The rule, worded to follow the field name: "must be a finite number". */
  readonly rule: string;
  /**
   * The invalid value. Objects and functions are only described in words, so the details can be
   * cloned.
   */
  readonly value?: unknown;
  /** The item's position in its list, from 0. */
  readonly index?: number;
  /** The item's time, such as the start of a candle's period. */
  readonly timestamp?: EpochMs;
  /** The position of the batch or query, from 0, in a call that takes several. */
  readonly batch?: number;
  /** The line number in a text file, from 1. */
  readonly line?: number;
}

/** Identifies the item of a list that broke a rule. */
export type FaultPlace = Pick<InvalidInputDetails, 'index' | 'timestamp'>;

/** Returns `index` and `timestamp` of an item, as far as they are known and valid. */
export function faultPlace(index: number | undefined, timestamp?: unknown): FaultPlace {
  const isTime = typeof timestamp === 'number' && epochMsRangeFault(timestamp) === undefined;
  return { ...(index === undefined ? {} : { index }), ...(isTime ? { timestamp } : {}) };
}

/** Creates the `INVALID_INPUT` error for a value that broke a rule. */
export function invalidInput(details: InvalidInputDetails, subject?: string): BarkeepError {
  const place = [
    details.line === undefined ? '' : `line ${details.line}: `,
    details.batch === undefined ? '' : `batch ${details.batch}: `,
    subject === undefined ? '' : `${subject}: `,
    details.index === undefined ? '' : `[${details.index}].`,
  ].join('');
  const time = details.timestamp === undefined ? '' : ` of ${timeText(details.timestamp)}`;
  const got = 'value' in details ? `; got ${show(details.value)}` : '';
  return new BarkeepError(
    'INVALID_INPUT',
    `${place}${details.field}${time} ${details.rule}${got}`,
    {
      details: 'value' in details ? { ...details, value: plain(details.value) } : { ...details },
    },
  );
}

/** Formats an instant for people and programs: `2024-01-01T00:00:00.000Z (1704067200000)`. */
export function timeText(instant: EpochMs): string {
  return `${new Date(instant).toISOString()} (${instant})`;
}

/** Adds the batch number to an `INVALID_INPUT` error. Returns any other error as is. */
export function faultInBatch(error: unknown, batch: number): unknown {
  if (!BarkeepError.is(error, 'INVALID_INPUT') || 'batch' in error.details) return error;
  return new BarkeepError('INVALID_INPUT', `batch ${batch}: ${error.message}`, {
    details: { ...error.details, batch },
    cause: error.cause,
  });
}

/** Primitives survive logging and structured cloning as they are; a symbol does not. */
function plain(value: unknown): unknown {
  const isPrimitive = value === null || !['object', 'function', 'symbol'].includes(typeof value);
  return isPrimitive ? value : show(value);
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}
