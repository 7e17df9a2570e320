/**
 * Freezes plain data in place, at all levels. Skips parts that are frozen already and typed arrays,
 * which cannot be frozen.
 */
export function freezeDeeply<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) {
    if (!Object.isFrozen(part)) freezeDeeply(part);
  }
  return value;
}
