import type { IRealtimeCache } from '@barkeep/realtime';
import type { Patience } from '../patience.ts';
import { sampleTicker } from '../sample-market.ts';

/** What listeners of a model run do not count. */
export const GREETING = 'a greeting';

/** Waits until what one handle stores is heard on all; they go on hearing until they are closed. */
export async function greet(
  handles: readonly IRealtimeCache[],
  patience: Patience,
): Promise<boolean> {
  const deaf = new Set(handles);
  for (const handle of handles) {
    handle.subscribe({ symbols: [GREETING] }, () => deaf.delete(handle));
  }
  return patience.until(async () => {
    await handles[0]?.tickers.set(sampleTicker(0, GREETING));
    return deaf.size === 0;
  });
}
