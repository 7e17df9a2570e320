import { type SeriesKey, seriesKeyText } from '@barkeep/core';

const LONGEST_KEY_TEXT = 500;

/**
 * The key of a document about one series in the storage's metadata. The longest symbols leave no room in
 * it: their digest stands for them.
 */
export async function seriesDocumentKey(prefix: string, key: SeriesKey): Promise<string> {
  const text = seriesKeyText(key);
  if (text.length <= LONGEST_KEY_TEXT) return `${prefix}${text}`;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'));
  return `${prefix}#${hex.join('')}`;
}
