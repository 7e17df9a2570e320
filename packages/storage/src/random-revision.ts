const WORDS = 3;
/** Of a word of 32 bits, to the base of 36. */
const DIGITS = 7;
/** Random words for many revisions: to get a few takes nearly as long. */
const pool = new Uint32Array(64 * WORDS);
let used = pool.length;

/** A text of 21 characters that nobody has made before, nor will: 96 random bits. */
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
