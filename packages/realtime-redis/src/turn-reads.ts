/**
 * Equal reads that begin in one turn of the event loop share an answer, so that a thousand callers who
 * want the same at a time cost Redis one command. What a write has changed before they began, they see:
 * its reply came in an earlier turn.
 */
export class TurnReads {
  readonly #reads = new Map<string, Promise<string | null>>();

  share(key: string, read: () => Promise<string | null>): Promise<string | null> {
    const begun = this.#reads.get(key);
    if (begun !== undefined) return begun;
    if (this.#reads.size === 0) queueMicrotask(() => this.#reads.clear());
    const reading = read();
    this.#reads.set(key, reading);
    return reading;
  }

  /** For when a write begins: reads after it are to come after it. */
  end(): void {
    this.#reads.clear();
  }
}
