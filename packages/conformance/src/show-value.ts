const MAX_LENGTH = 400;

/** A value as short text for a message, with −0, NaN and bigint told apart. */
export function showValue(value: unknown, maxLength: number = MAX_LENGTH): string {
  const text = show(value, 0);
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

function show(value: unknown, depth: number): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (depth > 6) return '…';
  if (Array.isArray(value) || value instanceof Float64Array || value instanceof Uint8Array) {
    return showList(value, depth);
  }
  const parts = Object.entries(value).map(([key, part]) => `${key}: ${show(part, depth + 1)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function showList(list: Iterable<unknown> & { readonly length: number }, depth: number): string {
  const shown = Array.from(list).slice(0, 12);
  const more = list.length > shown.length ? `, … (${list.length} in all)` : '';
  return `[${shown.map((item) => show(item, depth + 1)).join(', ')}${more}]`;
}
