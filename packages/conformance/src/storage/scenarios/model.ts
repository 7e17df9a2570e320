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
  whereDeclared,
} from '../storage-scenario.ts';

/** Opening a storage for each sequence is what takes the time, and so does restoring one. */
const SHARE_OF_REOPENING_RUNS = 0.1;
const SHARE_OF_RESTORING_RUNS = 0.02;
const SHARE_OF_SHARED_RUNS = 0.1;

export const modelScenarios: readonly StorageScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers as the plain model does',
    (storage, context) => checkRuns(context, commandSequences(), 1, [storage]),
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/reopen',
    'also when it is closed and opened again in between',
    (context) => checkRuns(context, commandSequences('reopen'), SHARE_OF_REOPENING_RUNS),
    { ...lasting, timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/restore',
    'also when a backup takes its place in between',
    (context) => checkRuns(context, commandSequences('restore'), SHARE_OF_RESTORING_RUNS),
    {
      ...whereDeclared(({ backup }) => backup, 'backup is not declared'),
      timeoutMs: MODEL_TIMEOUT_MS,
    },
  ),
  scenario(
    'model/shared',
    'also when the calls are made through two handles in turn, and at the same time',
    async (storage, context) => {
      const handles = [storage, await context.openBeside(storage)];
      await checkRuns(context, commandSequences('switch-handle'), SHARE_OF_SHARED_RUNS, handles);
    },
    { ...shared, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];

/** @param handles To run all sequences on; without them each has a storage of its own. */
async function checkRuns(
  context: StorageContext,
  sequences: ReturnType<typeof commandSequences>,
  share: number,
  handles?: readonly IMarketDataStorage[],
): Promise<void> {
  let count = 0;
  await checkModel(
    context.model,
    sequences,
    async ([world, ...commands]) => {
      count += 1;
      const opened = handles ?? [await context.open()];
      const run = new StorageModelRun(context, opened, world, `r${count}-`);
      const end = () => (handles === undefined ? run.close() : run.cleanUp());
      await run.execute(commands).finally(end);
    },
    share,
  );
}
