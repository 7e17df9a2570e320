const PRIMES = [0x85ebca6b, 0xc2b2ae35, 0x9e3779b1, 0x27d4eb2f] as const;

/**
 * A 64-bit checksum over numbers, bytes and text, in order. Detects corruption, but not tampering.
 */
export class ContentDigest {
  #a = 0x9e3779b1 | 0;
  #b = 0x243f6a88 | 0;

  /** Adds the raw bits of numbers. */
  addNumbers(numbers: Float64Array): void {
    const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length * 2);
    let [a, b] = [this.#a, this.#b];
    for (const word of words) {
      a = Math.imul(a ^ word, PRIMES[0]);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b + word, PRIMES[1]);
      b = (b << 17) | (b >>> 15);
    }
    [this.#a, this.#b] = [a, b];
  }

  addBytes(bytes: Uint8Array): void {
    this.addText(`bytes ${bytes.length}`);
    const words = bytes.length >>> 3;
    // A copy is aligned, wherever the bytes begin. A Buffer's own slice would be no copy.
    const aligned = new Uint8Array(bytes.subarray(0, words * 8));
    this.addNumbers(new Float64Array(aligned.buffer));
    for (let i = words * 8; i < bytes.length; i += 1) this.#addWord(bytes[i] ?? 0);
  }

  addText(text: string): void {
    for (let i = 0; i < text.length; i += 1) this.#addWord(text.charCodeAt(i));
    this.#addWord(text.length ^ PRIMES[2]);
  }

  /** The checksum as 16 hexadecimal digits. */
  get value(): string {
    return hex(finish(this.#a)) + hex(finish(this.#b ^ (this.#a >>> 7)));
  }

  #addWord(word: number): void {
    this.#a = Math.imul(this.#a ^ word, PRIMES[0]);
    this.#a = (this.#a << 13) | (this.#a >>> 19);
    this.#b = Math.imul(this.#b + word, PRIMES[1]);
    this.#b = (this.#b << 17) | (this.#b >>> 15);
  }
}

function finish(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, PRIMES[3]);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
