import type { EpochMs, TimeframeGrid } from '@barkeep/core';
import { type FloorNote, NO_FLOOR } from '../series/series-floors.ts';

/** What a floor is decided by. */
export interface FloorTerms {
  readonly grid: TimeframeGrid;
  /** `Infinity`: everything is kept. */
  readonly keepMs: number;
  /** What the clock shows, and what of that is believed. */
  readonly clockNow: EpochMs;
  readonly believedNow: EpochMs;
  /** The end of the latest candle's period; `undefined` when there is none. */
  readonly latest: EpochMs | undefined;
  /** As decided before. */
  readonly noted: Pick<FloorNote, 'floor' | 'keepMs'> | undefined;
  readonly pagePeriods: number;
}

export interface FloorDecision {
  readonly floor: EpochMs;
  readonly heldBackBy: 'latest-candle' | 'clock' | undefined;
}

/** A floor moves in strides of this share of what is kept, so a segment or a page is not cut for each candle. */
const STRIDES = 32;

/**
 * Where a series is to begin. It needs two witnesses, the clock and the latest candle: neither a clock
 * that is ahead nor a series that has ended loses anything by itself. A floor goes back only when more is
 * to be kept than it was decided for; not when the clock goes back.
 */
export function decideFloor(terms: FloorTerms): FloorDecision {
  const { keepMs, clockNow, believedNow, latest, noted } = terms;
  if (keepMs === Number.POSITIVE_INFINITY) return { floor: NO_FLOOR, heldBackBy: undefined };
  const known = noted ?? { floor: NO_FLOOR, keepMs };
  if (keepMs > known.keepMs) {
    const lower = floorAt(Math.min(believedNow, latest ?? believedNow), terms);
    return { floor: Math.min(known.floor, lower), heldBackBy: undefined };
  }
  const witnessed = latest ?? NO_FLOOR;
  const target = floorAt(Math.min(believedNow, witnessed), terms);
  const floor = Math.max(known.floor, target);
  if (floorAt(clockNow, terms) <= floor) return { floor, heldBackBy: undefined };
  return { floor, heldBackBy: witnessed <= believedNow ? 'latest-candle' : 'clock' };
}

/** The floor at an instant: at most a stride below what is to be kept, so never above it. */
function floorAt(instant: EpochMs, { grid, keepMs, pagePeriods }: FloorTerms): EpochMs {
  if (instant === NO_FLOOR) return NO_FLOOR;
  const stride = strideOf(keepMs, grid, pagePeriods);
  return grid.startOf(Math.floor(grid.indexOf(instant - keepMs) / stride) * stride);
}

/** In periods: a whole page, or a power of two where that would keep too much. */
function strideOf(keepMs: number, grid: TimeframeGrid, pagePeriods: number): number {
  const most = keepMs / grid.typicalMs / STRIDES;
  return most >= pagePeriods ? pagePeriods : 2 ** Math.max(0, Math.floor(Math.log2(most)));
}
