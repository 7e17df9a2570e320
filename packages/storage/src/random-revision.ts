const BYTES = 10;

/** A text of 20 characters that nobody has made before, nor will: 80 random bits. */
export function randomRevision(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
