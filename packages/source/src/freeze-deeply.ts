/**
 * Plain data that nobody can change any more: the same, not a copy. Parts that are frozen already, and
 * bytes, which cannot be, are left as they are.
 */
export function freezeDeeply<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) {
    if (!Object.isFrozen(part)) freezeDeeply(part);
  }
  return value;
}
