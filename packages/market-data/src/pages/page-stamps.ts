const MAX_PAGES = 1_024;

/**
 * When each page of one series last changed, as numbers of a `ChangeCounter`. A page read at number n
 * holds as long as it has not changed after n: that also catches a change while the page was being
 * read. In bounded memory: too many changed pages become a change of all.
 */
export class PageStamps {
  readonly #pages = new Map<number, number>();
  #all: number;

  constructor(stamp: number) {
    this.#all = stamp;
  }

  changedAt(page: number): number {
    return Math.max(this.#all, this.#pages.get(page) ?? 0);
  }

  /** Whether every page of a stretch has changed after a number. */
  allChangedAfter(stamp: number, first: number, last: number): boolean {
    if (this.#all > stamp) return true;
    if (last - first >= MAX_PAGES) return false;
    for (let page = first; page <= last; page += 1) if (this.changedAt(page) <= stamp) return false;
    return true;
  }

  markPages(first: number, last: number, stamp: number): void {
    if (this.#pages.size + (last - first) >= MAX_PAGES) {
      this.markAll(stamp);
      return;
    }
    for (let page = first; page <= last; page += 1) this.#pages.set(page, stamp);
  }

  markAll(stamp: number): void {
    this.#pages.clear();
    this.#all = stamp;
  }
}
