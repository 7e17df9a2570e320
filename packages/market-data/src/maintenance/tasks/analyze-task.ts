import type { MaintenanceSettings } from '../../config/maintenance-settings.ts';
import type { PlannedAction } from '../../contract/maintenance.ts';
import { lastDone } from '../maintenance-record.ts';
import {
  ageCondition,
  type MaintenanceTask,
  planned,
  type Situation,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

/** It looks at some hundred rows of each table whose statistics are stale. */
const EXPECTED_MS = 5;

/** Renews the statistics that queries are planned by. */
export class AnalyzeTask implements MaintenanceTask {
  readonly action = 'analyze';
  readonly #settings: MaintenanceSettings;

  constructor(settings: MaintenanceSettings) {
    this.#settings = settings;
  }

  explain(situation: Situation): PlannedAction {
    const last = lastDone(situation.record, this.action);
    const conditions = [ageCondition(situation, last?.at, this.#settings.analyzeEveryMs)];
    return planned(this.action, conditions, {
      freesBytes: 0,
      expectedMs: EXPECTED_MS,
      blocksWrites: false,
    });
  }

  async run({ maintenance }: Situation, { signal }: TaskRun): Promise<TaskOutcome> {
    await maintenance.analyze({ signal });
    return { freedBytes: 0, message: 'statistics are fresh' };
  }
}
