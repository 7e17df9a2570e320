import type { IDataCache } from '@barkeep/cache';
import { type Scenario, type ScenarioMaker, scenarioMaker } from '../conformance-suite.ts';
import { hasProcesses } from '../platform.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type CacheScenario = Scenario<IDataCache>;
export type CacheContext = ScenarioContext<IDataCache>;
type Condition = Pick<CacheScenario, 'requires'>;

export const cacheScenarios: ScenarioMaker<IDataCache> = scenarioMaker('cache');

export const scenario: ScenarioMaker<IDataCache>['scenario'] = cacheScenarios.scenario;
export const bareScenario: ScenarioMaker<IDataCache>['bareScenario'] = cacheScenarios.bareScenario;

/** For scenarios about entries that outlive their handle. */
export const lasting: Condition = {
  requires: ({ persistent }) =>
    persistent ? undefined : 'its entries need not survive a restart by declaration',
};

/** For scenarios about entries that several handles see. */
export const shared: Condition = {
  requires: ({ sharing }) =>
    sharing === 'multi-process' ? undefined : 'its entries are not shared by declaration',
};

/** The same where processes can be started. */
export function withProcesses({ requires }: Condition): Condition {
  return {
    requires: (capabilities, harness) =>
      requires?.(capabilities, harness) ??
      (hasProcesses() ? undefined : 'no process can be started here'),
  };
}
