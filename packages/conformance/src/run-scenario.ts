import type { ConformanceHarness, ConformanceSubject } from './conformance-harness.ts';
import type { Scenario } from './scenario.ts';
import { ScenarioContext } from './scenario-context.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;

/** Runs one scenario on fresh subjects; rejects when the adapter breaks its promise or hangs. */
export async function runScenario<Subject extends ConformanceSubject>(
  scenario: Scenario<Subject>,
  harness: ConformanceHarness<Subject>,
): Promise<void> {
  const timeoutMs = scenario.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  await within(timeoutMs, scenario.key, async () => {
    const context = new ScenarioContext(harness);
    try {
      await scenario.run(context);
    } finally {
      await context.dispose();
    }
  });
}

async function within(timeoutMs: number, key: string, work: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const error = new Error(`${key} has not ended after ${timeoutMs} ms`);
    timer = setTimeout(() => reject(error), timeoutMs);
  });
  try {
    await Promise.race([work(), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
