const WORDS = 3;
/** Digits of a 32-bit word in base 36. */
const DIGITS = 7;
/** Random words for many revisions, as requesting a few takes nearly as long. */
const pool = new Uint32Array(64 * WORDS);
let used = pool.length;

/** Returns a unique string of 21 characters with 96 random bits. */
export function randomRevision(): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  let text = '';
  for (const end = used + WORDS; used < end; used += 1) {
    text += (pool[used] ?? 0).toString(36).padStart(DIGITS, '0');
  }
  return text;
}
