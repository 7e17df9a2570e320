import type { MaintenanceSettings } from '../../config/maintenance-settings.ts';
import type { MaintenanceCondition, PlannedAction } from '../../contract/maintenance.ts';
import { lastDone } from '../maintenance-record.ts';
import {
  ageCondition,
  type MaintenanceTask,
  planned,
  quietCondition,
  type Situation,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

/** This many slow queries since the last time are a reason. */
const SLOW_QUERIES = 10;
/** So are this many candles more. */
const BULK_CANDLES = 1_000_000;
/** Indexes are small beside the candles: they hold one entry for each segment and each series. */
const EXPECTED_MS = 20;

/** Builds indexes anew, when queries have become slow or much has been stored. */
export class ReindexTask implements MaintenanceTask {
  readonly action = 'reindex';
  readonly #settings: MaintenanceSettings;

  constructor(settings: MaintenanceSettings) {
    this.#settings = settings;
  }

  async explain(situation: Situation): Promise<PlannedAction> {
    const last = lastDone(situation.record, this.action);
    const conditions = [
      await this.#needCondition(situation, last?.at ?? situation.record.since),
      ageCondition(situation, last?.at, this.#settings.reindexEveryMs),
      quietCondition(situation),
    ];
    return planned(this.action, conditions, {
      freesBytes: 0,
      expectedMs: EXPECTED_MS,
      blocksWrites: true,
    });
  }

  async run({ maintenance }: Situation, { signal }: TaskRun): Promise<TaskOutcome> {
    const names = await maintenance.reindex({ signal });
    return { freedBytes: 0, message: `${names.length} indexes: ${names.join(', ')}` };
  }

  async #needCondition(
    { maintenance, storage }: Situation,
    since: number,
  ): Promise<MaintenanceCondition> {
    const slow = (await maintenance.slowQueries()).filter(({ at }) => at >= since).length;
    const { candlesInserted } = await storage.stats();
    return {
      rule: `${SLOW_QUERIES} queries were slow, or ${BULK_CANDLES} candles were stored`,
      isMet: slow >= SLOW_QUERIES || candlesInserted >= BULK_CANDLES,
      found: `${slow} slow queries, ${candlesInserted} candles by this process`,
    };
  }
}
