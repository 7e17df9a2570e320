const WORDS = 3;
/** Of a word of 32 bits, to the base of 36. */
const DIGITS = 7;

/** A text of 21 characters that nobody has made before, nor will: 96 random bits. */
export function randomRevision(): string {
  let text = '';
  for (const word of crypto.getRandomValues(new Uint32Array(WORDS))) {
    text += word.toString(36).padStart(DIGITS, '0');
  }
  return text;
}
