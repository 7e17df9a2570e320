import { BarkeepError, invalidInput, type JsonValue } from '@barkeep/core';

const MAX_KEY_LENGTH = 512;
const MAX_TEXT_LENGTH = 1_048_576;

/** @throws BarkeepError `INVALID_INPUT` unless it is a string of 1 to 512 well-formed UTF-16 units. */
export function validateDocumentKey(key: unknown, field = 'key'): void {
  const fits =
    typeof key === 'string' &&
    key !== '' &&
    key.length <= MAX_KEY_LENGTH &&
    key.isWellFormed() &&
    !key.includes('\0');
  if (!fits) {
    const rule = `must be a well-formed string of 1 to ${MAX_KEY_LENGTH} characters without U+0000`;
    throw invalidInput({ field, rule, value: key });
  }
}

/** @throws BarkeepError `INVALID_INPUT` when a part would not survive JSON or the text is too long. */
export function stringifyDocument(value: JsonValue): string {
  validateJson(value, 'value', new Set());
  const text = JSON.stringify(value);
  if (text.length > MAX_TEXT_LENGTH) {
    throw invalidInput({
      field: 'value',
      rule: 'must be at most 1 MiB of JSON text',
      value: text.length,
    });
  }
  return text;
}

/** @throws BarkeepError `CORRUPT` when the stored text is not JSON. */
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

function validateJson(value: unknown, field: string, ancestors: Set<object>): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (value.isWellFormed()) return;
    throw invalidInput({ field, rule: 'must not contain a lone surrogate', value });
  }
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return;
    throw invalidInput({ field, rule: 'must be a finite number and not -0', value });
  }
  if (
    typeof value !== 'object' ||
    !(Array.isArray(value) || isPlain(value)) ||
    ancestors.has(value)
  ) {
    throw invalidInput({
      field,
      rule: 'must be plain JSON: null, boolean, number, string, array or object',
      value,
    });
  }
  ancestors.add(value);
  for (const [name, part] of Object.entries(value))
    validateJson(part, `${field}.${name}`, ancestors);
  ancestors.delete(value);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
