import { mkdir } from 'node:fs/promises';
import { invalidInput } from '@barkeep/core';
import type { IMarketDataService, IServiceMaintenance } from '@barkeep/market-data';
import type { DatabaseStatus } from './wire.ts';

/** Beside the database; made when the page's button asks for the first copy. */
export const BACKUP_DIRECTORY = 'backups';
const LATEST_RUNS = 30;

/** How the database stands, what would be done about it, and what has been done; `undefined` where there is no way. */
export async function readDatabaseStatus(
  service: IMarketDataService,
): Promise<DatabaseStatus | undefined> {
  const { maintenance } = service;
  if (maintenance === undefined) return undefined;
  const { storage, maintenance: figures } = await service.stats();
  const { fragmentation, actions, isQuiet } = await maintenance.explain();
  const runs = await maintenance.history();
  return {
    candles: storage?.size.candles ?? 0,
    bytes: storage?.size.bytes ?? 0,
    fragmentation,
    isQuiet,
    actions,
    running: figures?.running,
    runs: runs.slice(-LATEST_RUNS).reverse(),
  };
}

/** Runs one action whatever its conditions say, or, for `due`, all that are due. */
export async function runMaintenance(
  maintenance: IServiceMaintenance,
  name: string | null,
): Promise<void> {
  if (name === 'due') {
    await maintenance.run();
    return;
  }
  const plan = await maintenance.explain();
  const action = plan.actions.find((one) => one.action === name)?.action;
  if (action === undefined) {
    const rule = `must be due or one of ${plan.actions.map((one) => one.action).join(', ')}`;
    throw invalidInput({ field: 'action', rule, value: name });
  }
  if (action === 'backup') await mkdir(BACKUP_DIRECTORY, { recursive: true });
  await maintenance.run({ actions: [action] });
}
