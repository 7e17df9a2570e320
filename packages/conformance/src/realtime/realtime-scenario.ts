import type { IRealtimeCache } from '@barkeep/realtime';
import { type Scenario, type ScenarioMaker, scenarioMaker } from '../conformance-suite.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type RealtimeScenario = Scenario<IRealtimeCache>;
export type RealtimeContext = ScenarioContext<IRealtimeCache>;

export const realtimeScenarios: ScenarioMaker<IRealtimeCache> = scenarioMaker('realtime');

export const scenario: ScenarioMaker<IRealtimeCache>['scenario'] = realtimeScenarios.scenario;
export const bareScenario: ScenarioMaker<IRealtimeCache>['bareScenario'] =
  realtimeScenarios.bareScenario;
