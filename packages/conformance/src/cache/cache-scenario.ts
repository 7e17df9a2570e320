import type { IDataCache } from '@barkeep/cache';
import { type Scenario, type ScenarioMaker, scenarioMaker } from '../conformance-suite.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type CacheScenario = Scenario<IDataCache>;
export type CacheContext = ScenarioContext<IDataCache>;
export type Condition = Pick<CacheScenario, 'requires'>;

export const cacheScenarios: ScenarioMaker<IDataCache> = scenarioMaker('cache');

export const scenario: ScenarioMaker<IDataCache>['scenario'] = cacheScenarios.scenario;
