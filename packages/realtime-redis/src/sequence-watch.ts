/** Counts whose last number is remembered; the oldest goes first. */
const MOST_SEQUENCES = 50_000;

/** Sees whether a number was left out of counts that go up by one. */
export class SequenceWatch {
  readonly #last = new Map<string, number>();

  /** Whether the number follows the one before it, as far as that is known. */
  follows(sequence: string, number: number): boolean {
    const last = this.#last.get(sequence);
    this.#last.set(sequence, number);
    if (last !== undefined) return number === last + 1;
    this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    if (this.#last.size <= MOST_SEQUENCES) return;
    for (const oldest of this.#last.keys()) {
      this.#last.delete(oldest);
      return;
    }
  }
}
