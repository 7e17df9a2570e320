import type { FragmentationReport } from '@barkeep/storage';
import type { MaintenanceSettings } from '../../config/maintenance-settings.ts';
import type { PlannedAction } from '../../contract/maintenance.ts';
import { lastDone } from '../maintenance-record.ts';
import {
  ageCondition,
  expectedMs,
  type MaintenanceTask,
  percent,
  planned,
  quietCondition,
  type Situation,
  spell,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

/** Builds the database anew, where that is worth it and nobody waits for it. */
export class VacuumTask implements MaintenanceTask {
  readonly action = 'vacuum';
  readonly #settings: MaintenanceSettings;

  constructor(settings: MaintenanceSettings) {
    this.#settings = settings;
  }

  explain(situation: Situation): PlannedAction {
    const { fragmentation, record, idleMs } = situation;
    const { pageBytes, freePages, freeRatio } = fragmentation;
    const settings = this.#settings;
    const last = lastDone(record, this.action);
    const takesMs = expectedMs(situation, this.action, usedBytes(fragmentation));
    const conditions = [
      {
        rule: `more than ${percent(settings.freeRatio)} of the pages are free`,
        isMet: freeRatio > settings.freeRatio,
        found: percent(freeRatio),
      },
      {
        rule: `more than ${settings.freePages} pages are free`,
        isMet: freePages > settings.freePages,
        found: `${freePages}`,
      },
      ageCondition(situation, last?.at, settings.vacuumEveryMs),
      quietCondition(situation),
      {
        rule: `it takes at most ${settings.maxWaitMs} ms, or nothing was written for ${spell(settings.idleMs)}`,
        isMet: takesMs <= settings.maxWaitMs || idleMs >= settings.idleMs,
        found: `about ${spell(takesMs)}; the last write was ${spell(idleMs)} ago`,
      },
    ];
    return planned(this.action, conditions, {
      freesBytes: freePages * pageBytes,
      expectedMs: takesMs,
      blocksWrites: true,
    });
  }

  async run({ maintenance, fragmentation }: Situation, { signal }: TaskRun): Promise<TaskOutcome> {
    const { pagesBefore, pagesAfter, freedBytes } = await maintenance.vacuum({ signal });
    return {
      freedBytes,
      workedBytes: usedBytes(fragmentation),
      message: `${pagesBefore} pages became ${pagesAfter}`,
    };
  }
}

function usedBytes({ pages, freePages, pageBytes }: FragmentationReport): number {
  return (pages - freePages) * pageBytes;
}
