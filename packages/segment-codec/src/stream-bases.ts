import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { FRAME_LENGTH, framesOf, PREDICTOR } from './segment-format.ts';

/** What the residuals of a stream are added to, frame by frame. */
export interface StreamBases {
  readonly predictor: number;
  /** Added to the base of every frame. */
  readonly base: number;
  /** Each frame's own base, at least zero; `undefined` when there are none. */
  readonly own?: Float64Array;
}

/**
 * The integer before each frame, so that each can be read by itself. Before the first integer it is
 * that integer again, and is put where the kernel looks for it.
 */
export function basesBefore(
  { doubles }: KernelMemory,
  integersAt: number,
  count: number,
): StreamBases {
  const at = integersAt >>> 3;
  doubles[at - 1] = doubles[at] ?? 0;
  const before = Float64Array.from(
    { length: framesOf(count) },
    (_, frame) => doubles[at + frame * FRAME_LENGTH - 1] ?? 0,
  );
  return aboveLeast(PREDICTOR.previous, before);
}

/** The least integer of each frame; also put where the kernel takes bases from. */
export function frameMinima(memory: KernelMemory, integersAt: number, count: number): StreamBases {
  const minima = leastOfFrames(memory, integersAt, count);
  memory.doubles.set(minima, WORKSPACE.bases >>> 3);
  return aboveLeast(PREDICTOR.base, minima);
}

/** The least integer of all, for each frame; also put where the kernel takes bases from. */
export function commonMinimum(
  memory: KernelMemory,
  integersAt: number,
  count: number,
): StreamBases {
  const minima = leastOfFrames(memory, integersAt, count);
  const base = leastOf(minima);
  memory.doubles.set(minima.fill(base), WORKSPACE.bases >>> 3);
  return { predictor: PREDICTOR.base, base };
}

function leastOfFrames({ doubles }: KernelMemory, integersAt: number, count: number): Float64Array {
  const integers = doubles.subarray(integersAt >>> 3, (integersAt >>> 3) + count);
  return Float64Array.from({ length: framesOf(count) }, (_, frame) =>
    leastOf(integers.subarray(frame * FRAME_LENGTH, (frame + 1) * FRAME_LENGTH)),
  );
}

function aboveLeast(predictor: number, bases: Float64Array): StreamBases {
  const base = leastOf(bases);
  return { predictor, base, own: bases.map((value) => value - base) };
}

function leastOf(values: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) least = Math.min(least, values[i] ?? least);
  return least;
}
