import fc from 'fast-check';
import { routerCommand, runRouterCommand } from '../router-command.ts';
import { RouterModelRun } from '../router-model-run.ts';
import type { RouterScenario } from '../router-scenario.ts';
import { KEY } from '../sample-router-events.ts';

const DEFAULT_RUNS = 1_000;

export const modelScenarios: readonly RouterScenario[] = [
  {
    key: 'router/model/promises-kept',
    title: 'whatever happens to the connection, who believes the promises knows every candle',
    timeoutMs: 120_000,
    run: async (context) => {
      const { runs = DEFAULT_RUNS, ...again } = context.model;
      const property = fc.asyncProperty(
        fc.array(routerCommand, { minLength: 5, maxLength: 40 }),
        async (commands) => {
          const subject = await context.open();
          const run = new RouterModelRun(subject, context.clock);
          await run.watch(KEY);
          await run.connect();
          for (const command of commands) await runRouterCommand(run, command);
          await run.compare();
          await subject.close();
        },
      );
      await fc.assert(property, { numRuns: runs, ...again });
    },
  },
];
