import type { IRealtimeCache } from '@barkeep/realtime';
import type { Scenario } from '../scenario.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type RealtimeScenario = Scenario<IRealtimeCache>;
export type RealtimeContext = ScenarioContext<IRealtimeCache>;

/** A scenario that starts with an open and empty realtime cache. */
export function scenario(
  key: string,
  title: string,
  run: (realtime: IRealtimeCache, context: RealtimeContext) => Promise<void>,
  rest: Pick<RealtimeScenario, 'requires' | 'timeoutMs'> = {},
): RealtimeScenario {
  return {
    key: `realtime/${key}`,
    title,
    run: async (context) => run(await context.open(), context),
    ...rest,
  };
}
