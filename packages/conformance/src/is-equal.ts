import { CandleSeries } from '@barkeep/core';

/** What they hold is no property of theirs. */
const OPAQUE = [Map, Set, Date, Error];

/**
 * Whether two values have the same content. Numbers are compared bit for bit, typed arrays by type
 * and bytes, a series only with a series. Maps, sets, dates and errors equal only themselves; other
 * objects are compared by their own enumerable properties, of which `undefined` ones count as absent.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b)) return isEqualView(a, b);
  if (OPAQUE.some((Type) => a instanceof Type || b instanceof Type)) return false;
  if (a instanceof CandleSeries !== b instanceof CandleSeries) return false;
  const keys = definedKeys(a);
  if (keys.length !== definedKeys(b).length) return false;
  return keys.every((key) => isEqual(a[key], ownProperty(b, key)));
}

function isEqualView(a: object, b: object): boolean {
  if (!isNumberArray(a) || !isNumberArray(b)) return false;
  if (a instanceof Float64Array !== b instanceof Float64Array) return false;
  const others = bytesOf(b);
  return a.length === b.length && bytesOf(a).every((byte, i) => byte === others[i]);
}

/** NaN has many bit patterns. */
function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isNumberArray(value: object): value is Float64Array | Uint8Array {
  return value instanceof Float64Array || value instanceof Uint8Array;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Not inherited: an object's prototype is no property of it. */
function ownProperty(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function definedKeys(value: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
