import fc from 'fast-check';
import {
  commandSequences,
  type StorageCommand,
  sequencesWithReopen,
} from '../model/storage-command.ts';
import { StorageModelRun } from '../model/storage-model-run.ts';
import {
  bareScenario,
  lasting,
  type StorageContext,
  type StorageScenario,
  scenario,
} from '../storage-scenario.ts';

const DEFAULT_RUNS = 1_000;
/** Opening a storage for each sequence is what takes the time. */
const RUNS_PER_REOPENING_RUN = 50;
const TIMEOUT_MS = 120_000;
/** Shrinking a failure ends in time to be reported. */
const LONGEST_RUN_MS = 90_000;

export const modelScenarios: readonly StorageScenario[] = [
  scenario(
    'model/commands',
    'sequences of any commands answer as the plain model does',
    async (storage, context) => {
      let count = 0;
      await check(context, runsOf(context), commandSequences, async (commands) => {
        count += 1;
        const run = new StorageModelRun(storage, `run${count}-`, async () => storage);
        await run.execute(commands).finally(() => run.cleanUp());
      });
    },
    { timeoutMs: TIMEOUT_MS },
  ),
  bareScenario(
    'model/reopen',
    'sequences with closing and opening again answer as the plain model does',
    async (context) => {
      const runs = Math.ceil(runsOf(context) / RUNS_PER_REOPENING_RUN);
      await check(context, runs, sequencesWithReopen, async (commands) => {
        const run = new StorageModelRun(await context.open(), '', (it) => context.reopen(it));
        await run.execute(commands).finally(() => run.close());
      });
    },
    { ...lasting, timeoutMs: TIMEOUT_MS },
  ),
];

function runsOf({ model }: StorageContext): number {
  return model.runs ?? DEFAULT_RUNS;
}

/** Rejects with the shortest sequence that fails, and with the seed and path that repeat it. */
async function check(
  { model }: StorageContext,
  numRuns: number,
  sequences: fc.Arbitrary<StorageCommand[]>,
  execute: (commands: StorageCommand[]) => Promise<void>,
): Promise<void> {
  const { seed, path } = model;
  await fc.assert(fc.asyncProperty(sequences, execute), {
    numRuns,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
    interruptAfterTimeLimit: LONGEST_RUN_MS,
    markInterruptAsFailure: true,
  });
}
