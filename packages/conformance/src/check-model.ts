import fc from 'fast-check';
import { ConformanceError } from './assertions.ts';
import type { ModelOptions } from './conformance-harness.ts';
import { showValue } from './show-value.ts';

const DEFAULT_RUNS = 1_000;
const DEFAULT_SHRINK_MS = 20_000;
/** Time that is left to report the shortest sequence found so far. */
const LONGEST_RUN_MS = 90_000;

/** How long a scenario that checks a model may take. */
export const MODEL_TIMEOUT_MS = 120_000;

/**
 * Runs random sequences of commands, and rejects with the shortest one that fails, with the seed and
 * path that repeat it.
 *
 * @param share How many of the harness' runs are made: 1 for all, 0.02 where each takes long.
 */
export async function checkModel<Commands extends readonly unknown[]>(
  { runs = DEFAULT_RUNS, seed, path, shrinkMs = DEFAULT_SHRINK_MS }: ModelOptions,
  commands: fc.Arbitrary<Commands>,
  execute: (commands: Commands) => Promise<void>,
  share = 1,
): Promise<void> {
  let shrinksUntil = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(commands, async (sequence) => {
    // What passes is no shorter failure, so the search ends.
    if (performance.now() > shrinksUntil) return;
    try {
      await execute(sequence);
    } catch (error) {
      shrinksUntil = Math.min(shrinksUntil, performance.now() + shrinkMs);
      throw error;
    }
  });
  const details = await fc.check(property, {
    numRuns: Math.ceil(runs * share),
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
    endOnFailure: shrinkMs === 0,
    interruptAfterTimeLimit: LONGEST_RUN_MS,
  });
  const { counterexample, errorInstance: cause, interrupted, numRuns } = details;
  if (!details.failed && !interrupted) return;
  if (counterexample === null) {
    throw new ConformanceError(
      `${numRuns} of ${Math.ceil(runs * share)} sequences took ${LONGEST_RUN_MS} ms: give the harness fewer runs`,
    );
  }
  const lines = counterexample[0].map((command, i) => `  ${i}: ${showValue(command, 2_000)}`);
  const message = cause instanceof Error ? cause.message : String(cause);
  const repeat = `{ seed: ${details.seed}, path: "${details.counterexamplePath}" }`;
  throw new ConformanceError(
    [`${message}`, 'after these commands:', ...lines, `Repeat it with model: ${repeat}`].join('\n'),
    { cause },
  );
}
