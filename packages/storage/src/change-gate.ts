type Visitor = 'change' | 'reading';

/** How often a read may be repeated because of a concurrent change before it blocks changes. */
const TRIES = 3;

interface Waiting {
  readonly as: Visitor;
  readonly enter: () => void;
}

/**
 * Makes several calls read one consistent state of data that offers no snapshots. A read with a
 * change in between starts over; after several tries, changes have to wait for it, in order of
 * arrival.
 */
export class ChangeGate {
  readonly #waiting: Waiting[] = [];
  #inside: Visitor = 'change';
  #count = 0;
  /** How many changes have begun or ended. */
  #changes = 0;

  /** Notes a change that did not pass through this gate. */
  note(): void {
    this.#changes += 1;
  }

  /** Runs a change. Changes may run concurrently. */
  change<T>(work: () => Promise<T>): Promise<T> {
    return this.#visit('change', async () => {
      this.#changes += 1;
      try {
        return await work();
      } finally {
        this.#changes += 1;
      }
    });
  }

  /** Runs `work`, which must only read, until nothing changed while it ran. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    for (let i = 0; i < TRIES && this.#isQuiet; i += 1) {
      const before = this.#changes;
      const answer = await work();
      if (this.#changes === before) return answer;
    }
    return this.#visit('reading', work);
  }

  get #isQuiet(): boolean {
    return this.#waiting.length === 0 && (this.#count === 0 || this.#inside === 'reading');
  }

  async #visit<T>(as: Visitor, work: () => Promise<T>): Promise<T> {
    const isFree = this.#waiting.length === 0 && (this.#count === 0 || this.#inside === as);
    if (isFree) this.#enter(as);
    else await new Promise<void>((enter) => this.#waiting.push({ as, enter }));
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(as: Visitor): void {
    this.#inside = as;
    this.#count += 1;
  }

  /** The last one to leave admits those waiting next, as far as they can run together. */
  #leave(): void {
    this.#count -= 1;
    while (this.#waiting[0] !== undefined) {
      const { as, enter } = this.#waiting[0];
      if (this.#count > 0 && as !== this.#inside) return;
      this.#waiting.shift();
      this.#enter(as);
      enter();
    }
  }
}
