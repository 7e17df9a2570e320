import type { IDataCache } from '@barkeep/cache';
import fc from 'fast-check';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import {
  bareScenario,
  type CacheContext,
  type CacheScenario,
  lasting,
  scenario,
  shared,
} from '../cache-scenario.ts';
import { commandSequences, type HandleCommand } from '../model/cache-command.ts';
import { CacheModelRun } from '../model/cache-model-run.ts';
import { NAME_GROUPS } from '../sample-names.ts';

/** Opening a cache takes long. */
const SHARE_OF_REOPENING_RUNS = 0.15;
const SHARE_OF_SHARED_RUNS = 0.2;

export const modelScenarios: readonly CacheScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers as a plain model does',
    (cache, context) => {
      const ms = fc.constantFrom(500, 3_600_000, 9 * 3_600_000);
      const setBack = fc.record({ kind: fc.constant('set-clock-back' as const), ms });
      return checkRuns(context, setBack, 1, async () => [cache]);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/reopen',
    'also when it is closed and opened again in between',
    (context) =>
      checkRuns(
        context,
        fc.constant({ kind: 'reopen' }),
        SHARE_OF_REOPENING_RUNS,
        async () => [await context.open()],
        (run) => run.cache.close(),
      ),
    { ...lasting, timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'model/shared',
    'also when the calls are made through two handles in turn',
    async (cache, context) => {
      const handles = [cache, await context.openBeside(cache)];
      const extra = fc.constant({ kind: 'switch-handle' } as const);
      await checkRuns(context, extra, SHARE_OF_SHARED_RUNS, async () => handles);
    },
    { ...shared, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];

async function checkRuns(
  context: CacheContext,
  extra: fc.Arbitrary<HandleCommand>,
  share: number,
  open: () => Promise<readonly IDataCache[]>,
  end: (run: CacheModelRun) => Promise<void> = async () => undefined,
): Promise<void> {
  const sequences = Object.values(NAME_GROUPS).map((names) => commandSequences(names, extra));
  await checkModel(
    context.model,
    fc.oneof(...sequences),
    async (commands) => {
      const run = await CacheModelRun.begin(context, await open());
      await run.execute(commands).finally(() => end(run));
    },
    share,
  );
}
