import { BarkeepError, invalidInput, type JsonValue } from '@barkeep/core';

const MAX_KEY_LENGTH = 512;
const MAX_TEXT_LENGTH = 1_048_576;
const MAX_DEPTH = 100;

/**
 * Throws unless the key is a well-formed string of 1 to 512 UTF-16 units without U+0000.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateDocumentKey(key: unknown, field = 'key'): void {
  validateName(key, field, MAX_KEY_LENGTH);
}

/**
 * Throws unless the name is a string that every backend can store unchanged.
 * @throws BarkeepError `INVALID_INPUT`.
 */
export function validateName(
  name: unknown,
  field: string,
  maxLength: number,
): asserts name is string {
  const fits =
    typeof name === 'string' &&
    name !== '' &&
    name.length <= maxLength &&
    name.isWellFormed() &&
    !name.includes('\0');
  if (!fits) {
    const rule = `must be a well-formed string of 1 to ${maxLength} characters without U+0000`;
    throw invalidInput({ field, rule, value: name });
  }
}

/**
 * Validates a document and returns its JSON text.
 * @throws BarkeepError `INVALID_INPUT` if a part would not survive JSON, the text is too long, or
 * it is nested more than 100 levels deep. `field` is the path to the part.
 */
export function stringifyDocument(value: JsonValue): string {
  validateJson(value, 'value', []);
  const text = JSON.stringify(value);
  if (text.length > MAX_TEXT_LENGTH) {
    throw invalidInput({
      field: 'value',
      rule: `must be at most ${MAX_TEXT_LENGTH} characters of JSON text`,
      value: text.length,
    });
  }
  return text;
}

/**
 * Parses stored JSON text.
 * @throws BarkeepError `CORRUPT` if it is not JSON.
 */
export function parseDocument(key: string, text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BarkeepError('CORRUPT', `the metadata document ${JSON.stringify(key)} is not JSON`, {
      cause,
      details: { key },
    });
  }
}

function validateJson(value: unknown, field: string, ancestors: readonly object[]): void {
  const rule = jsonFault(value, ancestors);
  if (rule !== undefined) throw invalidInput({ field, rule, value });
  if (value === null || typeof value !== 'object') return;
  const path = [...ancestors, value];
  if (Array.isArray(value)) {
    // By index: a hole of a sparse array is no entry, but would become null.
    for (let i = 0; i < value.length; i += 1) validateJson(value[i], `${field}[${i}]`, path);
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    const rule = textFault(name);
    if (rule !== undefined) throw invalidInput({ field, rule: `${rule} in a key`, value: name });
    validateJson(part, `${field}.${name}`, path);
  }
}

function jsonFault(value: unknown, ancestors: readonly object[]): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return textFault(value);
  if (typeof value === 'number') {
    const survives = Number.isFinite(value) && !Object.is(value, -0);
    return survives ? undefined : 'must be a finite number and not -0';
  }
  if (typeof value !== 'object' || !(Array.isArray(value) || isPlain(value))) {
    return 'must be plain JSON: null, boolean, number, string, array or object';
  }
  if (ancestors.includes(value)) return 'must not contain itself';
  return ancestors.length < MAX_DEPTH
    ? undefined
    : `must not be nested more than ${MAX_DEPTH} deep`;
}

function textFault(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'must not contain a lone surrogate';
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
