import type { Scenario } from '../../conformance-suite.ts';
import type { ScenarioContext } from '../../scenario-context.ts';
import { RouterSession } from './router-session.ts';
import type { RouterSubject } from './router-subject.ts';

export type RouterScenario = Scenario<RouterSubject>;
export type RouterContext = ScenarioContext<RouterSubject>;

/** A scenario that starts with a router which is not connected yet. */
export function scenario(
  key: string,
  title: string,
  run: (session: RouterSession, context: RouterContext) => Promise<void>,
  rest: Pick<RouterScenario, 'requires' | 'timeoutMs'> = {},
): RouterScenario {
  return {
    key: `router/${key}`,
    title,
    run: async (context) => run(new RouterSession(await context.open(), context.clock), context),
    ...rest,
  };
}
