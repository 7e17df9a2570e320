/** Spreads two numbers over one 32-bit word: equal input, equal output, on every machine. */
export function hash32(seed: number, value: number): number {
  let word = Math.imul(seed ^ Math.imul(value, 0x9e3779b1), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  word = Math.imul(word ^ (word >>> 16), 0x27d4eb2f);
  return (word ^ (word >>> 15)) >>> 0;
}

/** A seed for each text. */
export function seedOf(text: string, seed: number): number {
  let word = seed;
  for (const character of text) word = hash32(word, character.codePointAt(0) ?? 0);
  return word;
}

/** Smooth noise of about −1 to 1: a cubic through one random value per whole number. */
export function smoothNoise(seed: number, at: number): number {
  const left = Math.floor(at);
  const share = at - left;
  const ease = share * share * (3 - 2 * share);
  const from = hash32(seed, left) / 2 ** 31 - 1;
  const to = hash32(seed, left + 1) / 2 ** 31 - 1;
  return from + (to - from) * ease;
}

/** A sequence of random numbers that depends on its seed only (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Bell-shaped with mean 0 and deviation 1, never beyond ±3: fast, and enough for a market. */
  bell(): number {
    return (this.next() + this.next() + this.next() - 1.5) * 2;
  }

  /** How many events happen when `mean` are expected. */
  poisson(mean: number): number {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.bell()));
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > floor; product *= this.next()) count += 1;
    return count;
  }
}
