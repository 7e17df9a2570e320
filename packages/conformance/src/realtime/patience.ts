import type { IRealtimeCache } from '@barkeep/realtime';
import { sampleTicker } from './sample-market.ts';

/** Where everything happens in this process; and once something did not come. */
const SHORT_MS = 10;
/** How often a busy server or network may lose events of a scenario, and say so. */
const MOST_LAGS = 3;

/** What listeners do not count. */
export const GREETING = 'a greeting';

/** Waits for what may be under way. */
export class Patience {
  #longestMs: number;
  #lags: number;

  constructor({ capabilities }: IRealtimeCache, { arrivalMs }: { readonly arrivalMs: number }) {
    const isOwn = capabilities.sharing === 'process';
    this.#longestMs = isOwn ? SHORT_MS : arrivalMs;
    this.#lags = isOwn ? 0 : MOST_LAGS;
  }

  /** Whether events may have been lost once more. */
  allowsLag(): boolean {
    this.#lags -= 1;
    return this.#lags >= 0;
  }

  /** Returns whether it holds, as soon as it does. */
  async until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const deadline = performance.now() + this.#longestMs;
    while (!(await holds())) {
      if (performance.now() > deadline) {
        this.#longestMs = SHORT_MS;
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return true;
  }

  /** Waits until what one handle stores is heard on all, and elsewhere; they hear it until they are closed. */
  async greet(
    handles: readonly IRealtimeCache[],
    isHeardElsewhere: () => boolean = () => true,
  ): Promise<void> {
    const deaf = new Set(handles);
    for (const handle of handles) {
      handle.subscribe({ symbols: [GREETING] }, () => deaf.delete(handle));
    }
    await this.until(async () => {
      await handles[0]?.tickers.set(sampleTicker(0, GREETING));
      return deaf.size === 0 && isHeardElsewhere();
    });
  }
}
