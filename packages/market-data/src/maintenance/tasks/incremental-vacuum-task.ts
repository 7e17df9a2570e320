import type { MaintenanceSettings } from '../../config/maintenance-settings.ts';
import type { PlannedAction } from '../../contract/maintenance.ts';
import {
  type MaintenanceTask,
  percent,
  planned,
  type Situation,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

/** Fewer are used again by the next writes. */
const FEW_PAGES = 100;
/** Down to this share of those that start it: otherwise it would start again with the next removal. */
const DONE_AT = 1 / 3;
/** A step that took longer is followed by smaller ones. */
const LONG_STEP_MS = 10;
/** About what a page takes. */
const PAGE_MS = 0.02;

/** Gives free pages back in steps that no write waits long for. */
export class IncrementalVacuumTask implements MaintenanceTask {
  readonly action = 'incremental-vacuum';
  readonly #settings: MaintenanceSettings;

  constructor(settings: MaintenanceSettings) {
    this.#settings = settings;
  }

  explain({ fragmentation }: Situation): PlannedAction {
    const { pageBytes, pages, freePages, freeRatio } = fragmentation;
    const limit = this.#settings.freeRatio;
    const surplus = Math.max(0, Math.ceil(freePages - pages * limit * DONE_AT));
    const conditions = [
      {
        rule: `more than ${percent(limit)} of the pages are free`,
        isMet: freeRatio > limit,
        found: percent(freeRatio),
      },
      {
        rule: `more than ${FEW_PAGES} pages are free`,
        isMet: freePages > FEW_PAGES,
        found: `${freePages}`,
      },
    ];
    return planned(this.action, conditions, {
      freesBytes: surplus * pageBytes,
      expectedMs: surplus * PAGE_MS,
      blocksWrites: false,
    });
  }

  async run(
    { maintenance }: Situation,
    { signal, pause, progress }: TaskRun,
  ): Promise<TaskOutcome> {
    const { freeRatio, stepPages } = this.#settings;
    let pages = stepPages;
    let freedBytes = 0;
    let steps = 0;
    for (let first: number | undefined; ; ) {
      signal.throwIfAborted();
      const now = await maintenance.fragmentation({ signal });
      const surplus = Math.ceil(now.freePages - now.pages * freeRatio * DONE_AT);
      first ??= surplus;
      if (surplus <= 0) break;
      const step = await maintenance.incrementalVacuum({ pages: Math.min(pages, surplus), signal });
      steps += 1;
      freedBytes += step.freedBytes;
      progress(1 - surplus / first);
      // A database that cannot give pages back in steps: a full vacuum makes it able to.
      if (step.freedBytes === 0) break;
      pages =
        step.tookMs > LONG_STEP_MS
          ? Math.max(1, Math.floor(pages / 2))
          : Math.min(stepPages, pages * 2);
      await pause(step.tookMs);
    }
    return { freedBytes, message: `${steps} steps` };
  }
}
