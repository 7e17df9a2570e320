import type { IDataCache } from '@barkeep/cache';
import type { Scenario } from '../scenario.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type CacheScenario = Scenario<IDataCache>;
export type CacheContext = ScenarioContext<IDataCache>;

/** A scenario that starts with an open and empty cache. */
export function scenario(
  key: string,
  title: string,
  run: (cache: IDataCache, context: CacheContext) => Promise<void>,
  rest: Pick<CacheScenario, 'requires' | 'timeoutMs'> = {},
): CacheScenario {
  return {
    key: `cache/${key}`,
    title,
    run: async (context) => run(await context.open(), context),
    ...rest,
  };
}
