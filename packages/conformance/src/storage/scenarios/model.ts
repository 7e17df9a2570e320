import type { IMarketDataStorage } from '@barkeep/storage';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { commandSequences } from '../model/storage-command.ts';
import { StorageModelRun } from '../model/storage-model-run.ts';
import {
  bareScenario,
  lasting,
  type StorageContext,
  type StorageScenario,
  scenario,
  shared,
} from '../storage-scenario.ts';

/** Opening a storage for each sequence is what takes the time. */
const SHARE_OF_REOPENING_RUNS = 0.1;
const SHARE_OF_SHARED_RUNS = 0.1;

export const modelScenarios: readonly StorageScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers as the plain model does',
    async (storage, context) => {
      await checkRuns(context, commandSequences(), 1, async () => [storage]);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/reopen',
    'also when it is closed and opened again in between',
    async (context) => {
      const sequences = commandSequences('reopen');
      await checkRuns(
        context,
        sequences,
        SHARE_OF_REOPENING_RUNS,
        async () => [await context.open()],
        (run) => run.close(),
      );
    },
    { ...lasting, timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'model/shared',
    'also when the calls are made through two handles in turn',
    async (storage, context) => {
      const handles = [storage, await context.openBeside(storage)];
      const sequences = commandSequences('switch-handle');
      await checkRuns(context, sequences, SHARE_OF_SHARED_RUNS, async () => handles);
    },
    { ...shared, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];

async function checkRuns(
  context: StorageContext,
  sequences: ReturnType<typeof commandSequences>,
  share: number,
  open: () => Promise<readonly IMarketDataStorage[]>,
  end: (run: StorageModelRun) => Promise<void> = (run) => run.cleanUp(),
): Promise<void> {
  let count = 0;
  await checkModel(
    context.model,
    sequences,
    async ([world, ...commands]) => {
      count += 1;
      const run = new StorageModelRun(context, await open(), world, `r${count}-`);
      await run.execute(commands).finally(() => end(run));
    },
    share,
  );
}
