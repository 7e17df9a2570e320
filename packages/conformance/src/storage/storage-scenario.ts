import type { IMarketDataStorage } from '@barkeep/storage';
import type { Scenario } from '../scenario.ts';
import type { ScenarioContext } from '../scenario-context.ts';

export type StorageScenario = Scenario<IMarketDataStorage>;
export type StorageContext = ScenarioContext<IMarketDataStorage>;

/** A scenario that starts with an open and empty storage. */
export function scenario(
  key: string,
  title: string,
  run: (storage: IMarketDataStorage, context: StorageContext) => Promise<void>,
  rest: Pick<StorageScenario, 'requires' | 'timeoutMs'> = {},
): StorageScenario {
  return {
    key: `storage/${key}`,
    title,
    run: async (context) => run(await context.open(), context),
    ...rest,
  };
}

/** A scenario that starts with nothing. */
export function bareScenario(
  key: string,
  title: string,
  run: (context: StorageContext) => Promise<void>,
  rest: Pick<StorageScenario, 'requires' | 'timeoutMs'> = {},
): StorageScenario {
  return { key: `storage/${key}`, title, run, ...rest };
}

/** For scenarios about data that several handles have open. */
export const shared: Pick<StorageScenario, 'requires'> = {
  requires: ({ sharing }) =>
    sharing === 'multi-process' ? undefined : 'its data is not shared by declaration',
};

/** For scenarios about data that outlives its handle. */
export const lasting: Pick<StorageScenario, 'requires'> = {
  requires: ({ durability }) =>
    durability === 'volatile' ? 'its data is volatile by declaration' : undefined,
};
