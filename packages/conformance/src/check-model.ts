import fc from 'fast-check';
import { ConformanceError } from './assertions.ts';
import type { ModelOptions } from './conformance-harness.ts';
import { showValue } from './show-value.ts';

const DEFAULT_RUNS = 1_000;
const DEFAULT_SHRINK_MS = 20_000;
/** Time that is left to shorten and report the shortest sequence found so far. */
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
  { runs = DEFAULT_RUNS, shrinkMs = DEFAULT_SHRINK_MS, ...repeated }: ModelOptions,
  commands: fc.Arbitrary<Commands>,
  execute: (commands: Commands) => Promise<void>,
  share = 1,
): Promise<void> {
  const property = fc.asyncProperty(commands, execute);
  const numRuns = Math.ceil(runs * share);
  const check = (options: fc.Parameters<[Commands]>) =>
    fc.check(property, { numRuns, ...repeated, ...options });
  const found = await check({ endOnFailure: true, interruptAfterTimeLimit: LONGEST_RUN_MS });
  if (!found.failed && !found.interrupted) return;
  const { seed, counterexamplePath: path } = found;
  if (path === null) {
    throw new ConformanceError(
      `${found.numRuns} of ${numRuns} sequences took ${LONGEST_RUN_MS} ms: give the harness fewer runs`,
    );
  }
  const shorter =
    shrinkMs > 0 ? await check({ seed, path, interruptAfterTimeLimit: shrinkMs }) : found;
  // One that fails now and then may not fail again.
  const {
    counterexample,
    errorInstance: cause,
    counterexamplePath,
  } = shorter.failed ? shorter : found;
  const lines =
    counterexample?.[0].map((command, i) => `  ${i}: ${showValue(command, 2_000)}`) ?? [];
  const message = cause instanceof Error ? cause.message : String(cause);
  const repeat = `Repeat it with model: { seed: ${seed}, path: "${counterexamplePath}" }`;
  throw new ConformanceError([message, 'after these commands:', ...lines, repeat].join('\n'), {
    cause,
  });
}
