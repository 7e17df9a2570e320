/**
 * Who is served next, of those who want to be again and again: whoever was served longest ago. One who
 * comes in while another is being served is before that one, but not before those who waited by then.
 */
export class TurnQueue<T> {
  /** Those not served yet, and those served before, each with the turn they count from, ascending. */
  readonly #fresh = new Map<T, number>();
  readonly #served = new Map<T, number>();
  #turn = 0;

  get size(): number {
    return this.#fresh.size + this.#served.size;
  }

  has(item: T): boolean {
    return this.#fresh.has(item) || this.#served.has(item);
  }

  add(item: T): void {
    if (!this.has(item)) this.#fresh.set(item, this.#turn - 0.5);
  }

  delete(item: T): void {
    this.#fresh.delete(item);
    this.#served.delete(item);
  }

  /** In no order. */
  items(): T[] {
    return [...this.#fresh.keys(), ...this.#served.keys()];
  }

  /** The next one, who stays in the queue and counts as served now. */
  serve(): T | undefined {
    const [fresh] = this.#fresh;
    const [served] = this.#served;
    const [item] =
      (fresh?.[1] ?? Number.POSITIVE_INFINITY) < (served?.[1] ?? Number.POSITIVE_INFINITY)
        ? (fresh ?? [])
        : (served ?? []);
    if (item === undefined) return undefined;
    this.delete(item);
    this.#turn += 1;
    this.#served.set(item, this.#turn);
    return item;
  }
}
