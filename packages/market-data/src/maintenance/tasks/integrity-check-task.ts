import { BarkeepError } from '@barkeep/core';
import type { MaintenanceSettings } from '../../config/maintenance-settings.ts';
import type { PlannedAction } from '../../contract/maintenance.ts';
import { lastDone } from '../maintenance-record.ts';
import {
  ageCondition,
  expectedMs,
  type MaintenanceTask,
  planned,
  quietCondition,
  type Situation,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

/** Reads everything, and fails when something should not be there. */
export class IntegrityCheckTask implements MaintenanceTask {
  readonly action = 'integrity-check';
  readonly #settings: MaintenanceSettings;

  constructor(settings: MaintenanceSettings) {
    this.#settings = settings;
  }

  explain(situation: Situation): PlannedAction {
    const { fragmentation, record, storage } = situation;
    const { pages, pageBytes } = fragmentation;
    const last = lastDone(record, this.action);
    const conditions = [
      {
        rule: 'the storage can be checked',
        isMet: storage.integrity !== undefined,
        found: storage.integrity === undefined ? 'it cannot' : 'it can',
      },
      ageCondition(situation, last?.at, this.#settings.checkEveryMs),
      quietCondition(situation),
    ];
    return planned(this.action, conditions, {
      freesBytes: 0,
      expectedMs: expectedMs(situation, this.action, pages * pageBytes),
      blocksWrites: false,
    });
  }

  async run({ storage, fragmentation }: Situation, { signal }: TaskRun): Promise<TaskOutcome> {
    const report = await storage.integrity?.check(undefined, { signal });
    const [problem] = report?.problems ?? [];
    if (problem !== undefined) {
      throw new BarkeepError(
        'CORRUPT',
        `${problem.message} (${report?.problems.length} findings): see storage.integrity.check() and repair()`,
        { details: { ...problem } },
      );
    }
    return {
      freedBytes: 0,
      workedBytes: fragmentation.pages * fragmentation.pageBytes,
      message: `${report?.candles ?? 0} candles of ${report?.series ?? 0} series are in order`,
    };
  }
}
