import type { StorageSize } from '@barkeep/storage';
import type { GrowthStatistics } from '../contract/market-data-statistics.ts';

interface Sample {
  /** In monotonic time. */
  readonly at: number;
  readonly bytes: number;
}

const DAY_MS = 86_400_000;
/** Older samples than the latest are kept this far apart, */
const SPACING_MS = 3_600_000;
/** so many of them: a week. */
const MAX_SAMPLES = 7 * 24;
/** A shorter time says nothing of a day. */
const SHORTEST_MS = 600_000;

/** How the size of a storage changes, from a bounded number of samples. */
export class StorageGrowth {
  readonly #limitBytes: number | undefined;
  readonly #samples: Sample[] = [];

  /** @param limitBytes How large it may become. Default: as the disk has room for. */
  constructor(limitBytes: number | undefined) {
    this.#limitBytes = limitBytes;
  }

  /** Takes a sample, which may come at any time and as often as it likes. */
  add({ bytes, freeBytes }: StorageSize, at: number): GrowthStatistics {
    const latest = this.#samples.at(-1);
    if (latest === undefined || at - latest.at >= SPACING_MS) this.#samples.push({ at, bytes });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    const first = this.#samples[0] ?? { at, bytes };
    const observedMs = at - first.at;
    const bytesPerDay =
      observedMs < SHORTEST_MS ? undefined : ((bytes - first.bytes) / observedMs) * DAY_MS;
    const room = freeBytes === undefined ? undefined : bytes + freeBytes;
    const limitBytes = this.#limitBytes ?? room;
    return {
      observedMs,
      bytesPerDay,
      limitBytes,
      daysToLimit: daysUntil(limitBytes, bytes, bytesPerDay),
    };
  }
}

function daysUntil(
  limitBytes: number | undefined,
  bytes: number,
  bytesPerDay: number | undefined,
): number | undefined {
  if (limitBytes === undefined) return undefined;
  if (bytes >= limitBytes) return 0;
  if (bytesPerDay === undefined) return undefined;
  return bytesPerDay > 0 ? (limitBytes - bytes) / bytesPerDay : Number.POSITIVE_INFINITY;
}
