import type { IRealtimeCache } from '@barkeep/realtime';

/** By the machine's clock: how long something may be under way from a server or another process. */
const LONGEST_MS = 5_000;
/** Where everything happens in this process; and once something did not come. */
const SHORT_MS = 10;

/** Waits for what may be under way. */
export class Patience {
  #longestMs: number;

  constructor({ capabilities }: IRealtimeCache) {
    this.#longestMs = capabilities.sharing === 'process' ? SHORT_MS : LONGEST_MS;
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
}
