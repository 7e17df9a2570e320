import type { IRealtimeCache } from '@barkeep/realtime';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import { greet } from '../model/greeting.ts';
import { commandSequences } from '../model/realtime-command.ts';
import { RealtimeModelRun } from '../model/realtime-model-run.ts';
import { Patience } from '../patience.ts';
import {
  type RealtimeContext,
  type RealtimeScenario,
  scenario,
  shared,
} from '../realtime-scenario.ts';

/** Of two handles each answer may be under way. */
const SHARE_OF_SHARED_RUNS = 0.3;

export const modelScenarios: readonly RealtimeScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers and tells as the plain model does',
    (realtime, context) => checkRuns(context, [realtime], 1),
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'model/shared',
    'also when the calls are made through two handles in turn, and one is opened again in between',
    async (realtime, context) => {
      const handles = [realtime, await context.openBeside(realtime)];
      await greet(handles, new Patience(realtime));
      await checkRuns(context, handles, SHARE_OF_SHARED_RUNS);
    },
    { ...shared, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];

function checkRuns(
  context: RealtimeContext,
  handles: [IRealtimeCache, ...IRealtimeCache[]] | IRealtimeCache[],
  share: number,
): Promise<void> {
  const [first] = handles;
  const patience = first && new Patience(first);
  return checkModel(
    context.model,
    commandSequences(handles.length > 1),
    async ([world, ...commands]) => {
      if (patience === undefined) return;
      const run = new RealtimeModelRun(context, handles, world, patience);
      await run.execute(commands).finally(() => run.end());
    },
    share,
  );
}
