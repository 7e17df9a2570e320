import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { commandSequences, sequencesWithReopen } from '../model/storage-command.ts';
import { StorageModelRun } from '../model/storage-model-run.ts';
import { bareScenario, lasting, type StorageScenario, scenario } from '../storage-scenario.ts';

/** Opening a storage for each sequence is what takes the time. */
const SHARE_OF_REOPENING_RUNS = 0.02;

export const modelScenarios: readonly StorageScenario[] = [
  scenario(
    'model/commands',
    'sequences of any commands answer as the plain model does',
    async (storage, context) => {
      let count = 0;
      await checkModel(context.model, commandSequences, async (commands) => {
        count += 1;
        const run = new StorageModelRun(storage, `run${count}-`, async () => storage);
        await run.execute(commands).finally(() => run.cleanUp());
      });
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/reopen',
    'sequences with closing and opening again answer as the plain model does',
    async (context) => {
      await checkModel(
        context.model,
        sequencesWithReopen,
        async (commands) => {
          const run = new StorageModelRun(await context.open(), '', (it) => context.reopen(it));
          await run.execute(commands).finally(() => run.close());
        },
        SHARE_OF_REOPENING_RUNS,
      );
    },
    { ...lasting, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];
