/** How long tests go on that find more the longer they do. `pnpm test:long` multiplies it. */
const FACTOR = Number(process.env['BARKEEP_TEST_FACTOR'] ?? 1);
const SEED = process.env['BARKEEP_TEST_SEED'];

/** How many runs or rounds a test makes that makes this many in `pnpm test`; or milliseconds it may take. */
export function budget(usual: number): number {
  return Math.ceil(usual * FACTOR);
}

/**
 * The parameters of a property with a budget. A failure prints its seed and steps; `BARKEEP_TEST_SEED`
 * repeats it.
 */
export function propertyBudget(usualRuns: number): { numRuns: number; seed?: number } {
  return { numRuns: budget(usualRuns), ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
}
