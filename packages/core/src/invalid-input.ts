import { BarkeepError } from './barkeep-error.ts';
import { type EpochMs, epochMsRangeFault } from './epoch-ms.ts';

export interface InvalidInputDetails {
  /** The name of the argument or value that broke the rule, such as `high` or `limit`. */
  readonly field: string;
  /** The rule, in words that complete "<field> …". */
  readonly rule: string;
  /** What was given; an object or a function only as words, so that the details can be sent on. */
  readonly value?: unknown;
  /** The position of the offending item in its list, from 0. */
  readonly index?: number;
  /** The time of that item, such as the start of a candle's period. */
  readonly timestamp?: EpochMs;
  /** The position of the batch or query in a call that takes several, from 0. */
  readonly batch?: number;
  /** The line of a text file, from 1. */
  readonly line?: number;
}

/** Which item of a list broke a rule. */
export type FaultPlace = Pick<InvalidInputDetails, 'index' | 'timestamp'>;

/** The place of an item, with its time where that is one. */
export function faultPlace(index: number | undefined, timestamp?: unknown): FaultPlace {
  const isTime = typeof timestamp === 'number' && epochMsRangeFault(timestamp) === undefined;
  return { ...(index === undefined ? {} : { index }), ...(isTime ? { timestamp } : {}) };
}

/** The error for a value that broke a rule: code `INVALID_INPUT`. */
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

/** An instant for people and for programs: `2024-01-01T00:00:00.000Z (1704067200000)`. */
export function timeText(instant: EpochMs): string {
  return `${new Date(instant).toISOString()} (${instant})`;
}

/** `error`, naming also the batch or query it belongs to when it is the fault of an input. */
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
