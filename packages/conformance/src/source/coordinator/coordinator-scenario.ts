import type { Scenario } from '../../conformance-suite.ts';
import { CoordinatorSession } from './coordinator-session.ts';
import type { CoordinatorSubject } from './coordinator-subject.ts';

/** Scenarios begin in the middle of a period, even of the shortest ones. */
const INTO_A_PERIOD_MS = 90_500;

export type CoordinatorScenario = Scenario<CoordinatorSubject>;

/** A scenario over a coordinator and its exchange. */
export function scenario(
  key: string,
  title: string,
  run: (session: CoordinatorSession) => Promise<void>,
  rest: Pick<CoordinatorScenario, 'requires' | 'timeoutMs'> = {},
): CoordinatorScenario {
  return {
    key: `coordinator/${key}`,
    title,
    run: async (context) => {
      const session = new CoordinatorSession(await context.open(), context.clock);
      session.pass(INTO_A_PERIOD_MS);
      await run(session);
    },
    ...rest,
  };
}
