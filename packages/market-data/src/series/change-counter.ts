/** Counts changes: what was read before one has a smaller number than the change. */
export class ChangeCounter {
  #count = 0;

  get now(): number {
    return this.#count;
  }

  next(): number {
    this.#count += 1;
    return this.#count;
  }
}
