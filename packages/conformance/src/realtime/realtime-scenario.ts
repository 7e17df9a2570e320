import type { IRealtimeCache } from '@barkeep/realtime';
import { type Scenario, type ScenarioMaker, scenarioMaker } from '../conformance-suite.ts';
import { hasProcesses } from '../platform.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type RealtimeScenario = Scenario<IRealtimeCache>;
export type RealtimeContext = ScenarioContext<IRealtimeCache>;

export const realtimeScenarios: ScenarioMaker<IRealtimeCache> = scenarioMaker('realtime');

export const scenario: ScenarioMaker<IRealtimeCache>['scenario'] = realtimeScenarios.scenario;
export const bareScenario: ScenarioMaker<IRealtimeCache>['bareScenario'] =
  realtimeScenarios.bareScenario;

/** For scenarios about values that several handles have. */
export const shared: Pick<RealtimeScenario, 'requires'> = {
  requires: ({ sharing }) =>
    sharing === 'multi-process' ? undefined : 'its values are not shared by declaration',
};

/** For scenarios that start processes. */
export const sharedByProcesses: Pick<RealtimeScenario, 'requires'> = {
  requires: (capabilities, harness) =>
    shared.requires?.(capabilities, harness) ??
    (hasProcesses() ? undefined : 'no process can be started here'),
};
