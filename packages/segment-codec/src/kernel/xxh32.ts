const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/**
 * XXH32 with seed 0 over `length` bytes from byte `at`, a multiple of 4, of memory that both views
 * show.
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxh32(words: Int32Array, bytes: Uint8Array, at: number, length: number): number {
  const wordsEnd = (at + (length & ~3)) >>> 2;
  let word = at >>> 2;
  let hash = PRIME_5 | 0;
  if (length >= 16) {
    let a = (PRIME_1 + PRIME_2) | 0;
    let b = PRIME_2 | 0;
    let c = 0;
    let d = -PRIME_1 | 0;
    for (; word + 4 <= wordsEnd; word += 4) {
      a = round(a, words[word] ?? 0);
      b = round(b, words[word + 1] ?? 0);
      c = round(c, words[word + 2] ?? 0);
      d = round(d, words[word + 3] ?? 0);
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  hash = (hash + length) | 0;
  for (; word < wordsEnd; word += 1) {
    hash = (hash + Math.imul(words[word] ?? 0, PRIME_3)) | 0;
    hash = Math.imul(rotate(hash, 17), PRIME_4);
  }
  for (let i = wordsEnd * 4; i < at + length; i += 1) {
    hash = (hash + Math.imul(bytes[i] ?? 0, PRIME_5)) | 0;
    hash = Math.imul(rotate(hash, 11), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return hash ^ (hash >>> 16);
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
