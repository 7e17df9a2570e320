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
const SHARE_OF_REOPENING_RUNS = 0.03;
const SHARE_OF_SHARED_RUNS = 0.1;

export const modelScenarios: readonly StorageScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers as the plain model does',
    async (storage, context) => {
      await checkRuns(context, commandSequences(), 1, async (prefix) => {
        return new StorageModelRun(context, [storage], prefix);
      });
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/reopen',
    'also when it is closed and opened again in between',
    async (context) => {
      await checkRuns(
        context,
        commandSequences('reopen'),
        SHARE_OF_REOPENING_RUNS,
        async (prefix) => new StorageModelRun(context, [await context.open()], prefix),
        (run) => run.close(),
      );
    },
    { ...lasting, timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'model/shared',
    'also when the calls are made through two handles in turn',
    async (storage, context) => {
      const other = await context.openBeside(storage);
      await checkRuns(
        context,
        commandSequences('switch-handle'),
        SHARE_OF_SHARED_RUNS,
        async (prefix) => {
          return new StorageModelRun(context, [storage, other], prefix);
        },
      );
    },
    { ...shared, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];

async function checkRuns(
  { model }: StorageContext,
  sequences: ReturnType<typeof commandSequences>,
  share: number,
  start: (prefix: string) => Promise<StorageModelRun>,
  end: (run: StorageModelRun) => Promise<void> = (run) => run.cleanUp(),
): Promise<void> {
  let count = 0;
  await checkModel(
    model,
    sequences,
    async (commands) => {
      count += 1;
      const run = await start(`r${count}-`);
      await run.execute(commands).finally(() => end(run));
    },
    share,
  );
}
