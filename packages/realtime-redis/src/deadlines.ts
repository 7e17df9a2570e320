/** Something under way that must end in time. */
export interface Deadline {
  readonly at: number;
  readonly onMissed: () => void;
}

/** Watches over all that must end within the same time, with one timer. */
export class Deadlines {
  readonly #timeoutMs: number;
  /** In the order in which they fall due. */
  readonly #open = new Set<Deadline>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  watch(onMissed: () => void): Deadline {
    const deadline = { at: performance.now() + this.#timeoutMs, onMissed };
    this.#open.add(deadline);
    this.#timer ??= setTimeout(() => this.#check(), this.#timeoutMs);
    return deadline;
  }

  met(deadline: Deadline): void {
    this.#open.delete(deadline);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#open.clear();
  }

  #check(): void {
    this.#timer = undefined;
    for (const deadline of this.#open) {
      const leftMs = deadline.at - performance.now();
      if (leftMs > 1) {
        this.#timer = setTimeout(() => this.#check(), leftMs);
        return;
      }
      this.#open.delete(deadline);
      deadline.onMissed();
    }
  }
}
