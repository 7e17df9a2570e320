import type { KeyvAccess } from './keyv-access.ts';

/** The most marks remembered. */
const MOST_MARKS = 20_000;

/**
 * Marks of one kind, remembered for as long as their epoch lasts: every invalidation replaces the
 * epoch after its marks, so marks that were read after an epoch are right until it is replaced.
 */
export class MarkReader {
  readonly #access: KeyvAccess;
  #epoch: string | undefined;
  #marks = new Map<string, string | undefined>();

  constructor(access: KeyvAccess) {
    this.#access = access;
  }

  /** The marks by their names, as they are in an epoch that was read before; `undefined` for none. */
  async read(names: readonly string[], epoch: string | undefined): Promise<(string | undefined)[]> {
    const marks = this.#marksOf(epoch);
    const unknown = [...new Set(names)].filter((name) => !marks.has(name));
    const known = new Map(names.map((name) => [name, marks.get(name)]));
    const found = await this.#access.getMany(unknown);
    if (marks.size + unknown.length > MOST_MARKS) marks.clear();
    for (const [i, name] of unknown.entries()) {
      known.set(name, found[i]);
      marks.set(name, found[i]);
    }
    return names.map((name) => known.get(name));
  }

  /** Remembers a mark that was written. */
  learn(name: string, mark: string, epoch: string): void {
    this.#marksOf(epoch).set(name, mark);
  }

  #marksOf(epoch: string | undefined): Map<string, string | undefined> {
    // Without an epoch nothing tells when marks change.
    if (epoch === undefined || epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#marks = new Map();
    }
    return this.#marks;
  }
}
