import type { IMarketDataStorage, StorageCapabilities } from '@barkeep/storage';
import { assertDefined } from '../assertions.ts';
import { type Scenario, type ScenarioMaker, scenarioMaker } from '../conformance-suite.ts';
import { hasProcesses } from '../platform.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type StorageScenario = Scenario<IMarketDataStorage>;
export type StorageContext = ScenarioContext<IMarketDataStorage>;

export const storageScenarios: ScenarioMaker<IMarketDataStorage> = scenarioMaker('storage');
export const scenario: ScenarioMaker<IMarketDataStorage>['scenario'] = storageScenarios.scenario;
export const bareScenario: ScenarioMaker<IMarketDataStorage>['bareScenario'] =
  storageScenarios.bareScenario;

/** A scenario of a part that a storage may have. */
export function partScenario<Name extends 'integrity' | 'maintenance' | 'backup'>(
  name: Name,
  key: string,
  title: string,
  run: (
    part: NonNullable<IMarketDataStorage[Name]>,
    storage: IMarketDataStorage,
    context: StorageContext,
  ) => Promise<void>,
): StorageScenario {
  return scenario(
    `${name}/${key}`,
    title,
    (storage, context) => run(assertDefined(storage[name], `storage.${name}`), storage, context),
    whereDeclared((capabilities) => capabilities[name], `${name} is not declared`),
  );
}

/** For scenarios about data that several handles have open. */
export const shared: Pick<StorageScenario, 'requires'> = whereDeclared(
  ({ sharing }) => sharing === 'multi-process',
  'its data is not shared by declaration',
);

/** For scenarios that start and kill processes. */
export const outliving: Pick<StorageScenario, 'requires'> = {
  requires: (capabilities, harness) =>
    lasting.requires?.(capabilities, harness) ??
    (hasProcesses() ? undefined : 'no process can be started here'),
};

/** For scenarios about data that outlives its handle. */
export const lasting: Pick<StorageScenario, 'requires'> = whereDeclared(
  ({ durability }) => durability !== 'volatile',
  'its data is volatile by declaration',
);

export function whereDeclared(
  isDeclared: (capabilities: StorageCapabilities) => boolean,
  reason: string,
): Pick<StorageScenario, 'requires'> {
  return { requires: (capabilities) => (isDeclared(capabilities) ? undefined : reason) };
}
