import type { Clock, EpochMs } from '@barkeep/core';
import { ConformanceError } from '../assertions.ts';

/**
 * Asserts that an instant which nobody gave, such as a time of collection, is now: by the scenario's clock, or by the
 * machine's, since `startedAt` of it, for an adapter that its harness gave no clock.
 */
export function assertCollectedNow(
  collectedAt: EpochMs | undefined,
  clock: Clock,
  startedAt: EpochMs,
  what = 'the time of collection',
): void {
  if (collectedAt === clock.now()) return;
  if (collectedAt !== undefined && collectedAt >= startedAt && collectedAt <= Date.now()) return;
  throw new ConformanceError(
    `${what}: expected ${clock.now()} or the machine's time, got ${collectedAt}`,
  );
}
