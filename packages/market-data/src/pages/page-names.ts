import type { Awaitable } from '@barkeep/core';
import type { PageRequest } from './candle-page.ts';

/** What a cache calls a page. */
export interface PageName {
  readonly key: string;
  /**
   * The number of the last change before the name was found, where it is the name that says that the
   * page is up to date; `undefined` where the page has such a number of its own.
   */
  readonly stamp: number | undefined;
}

/** Finds the names of pages. */
export interface PageNames {
  /** In the order of the requests; `undefined` for a page that is not to be kept. */
  find(requests: readonly PageRequest[]): Awaitable<readonly (PageName | undefined)[]>;

  /** Whether the pages that were read since their names were found may be kept under them. */
  confirm(
    requests: readonly PageRequest[],
    names: readonly PageName[],
  ): Awaitable<readonly boolean[]>;

  /** What every name starts with when the pages are worthless after this run of the program. */
  readonly prefix: string | undefined;
}
