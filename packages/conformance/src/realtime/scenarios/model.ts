import type { IRealtimeCache } from '@barkeep/realtime';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
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
    (realtime, context) => checkRuns(context, [realtime], new Patience(realtime, context)),
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  scenario(
    'model/shared',
    'also when the calls are made through two handles in turn, and one is opened again in between',
    async (realtime, context) => {
      const handles = [realtime, await context.openBeside(realtime)];
      const patience = new Patience(realtime, context);
      await patience.greet(handles);
      await checkRuns(context, handles, patience, SHARE_OF_SHARED_RUNS);
    },
    { ...shared, timeoutMs: MODEL_TIMEOUT_MS },
  ),
];

function checkRuns(
  context: RealtimeContext,
  handles: IRealtimeCache[],
  patience: Patience,
  share?: number,
): Promise<void> {
  return checkModel(
    context.model,
    commandSequences(handles.length > 1),
    async ([symbols, ...commands]) => {
      const run = new RealtimeModelRun(context, handles, symbols, patience);
      await run.execute(commands).finally(() => run.end());
    },
    share,
  );
}
