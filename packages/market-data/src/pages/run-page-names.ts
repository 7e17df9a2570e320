import type { PageRequest } from './candle-page.ts';
import type { PageName, PageNames } from './page-names.ts';

/**
 * Names for pages whose freshness is decided here, at once, when the change feed speaks. They carry a
 * random part: no service trusts pages of another, or of an earlier run, because it did not hear of the
 * changes since.
 */
export class RunPageNames implements PageNames {
  readonly prefix: string = `candles/${crypto.randomUUID()}/`;

  find(requests: readonly PageRequest[]): PageName[] {
    return requests.map(({ series, page }) => ({
      key: `${this.prefix}${page}/${series.text}`,
      stamp: undefined,
    }));
  }

  confirm(requests: readonly PageRequest[]): boolean[] {
    return requests.map(() => true);
  }
}
