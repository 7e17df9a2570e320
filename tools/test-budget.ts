/** How long tests go on that find more the longer they do. `pnpm test:long` multiplies it. */
const FACTOR = Number(process.env['BARKEEP_TEST_FACTOR'] ?? 1);
const SEED = process.env['BARKEEP_TEST_SEED'];

/** How many runs or rounds a test makes that makes this many in `pnpm test`; or milliseconds it may take. */
export function budget(usual: number): number {
  return Math.ceil(usual * FACTOR);
}

/** Whether tests take as long as it needs, rather than as long as somebody waits. */
export const isLong: boolean = FACTOR > 1;

/** Every second of these in `pnpm test`, the same ones each time; all of them in `pnpm test:long`. */
export function everySecond<T>(items: readonly T[]): readonly T[] {
  return isLong ? items : items.filter((_, i) => i % 2 === 0);
}

/**
 * The parameters of a property with a budget. A failure prints its seed and steps; `BARKEEP_TEST_SEED`
 * repeats it.
 */
export function propertyBudget(usualRuns: number): { numRuns: number; seed?: number } {
  return { numRuns: budget(usualRuns), ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
}
