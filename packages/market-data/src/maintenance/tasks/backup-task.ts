import type { EpochMs } from '@barkeep/core';
import type { BackupSettings } from '../../config/maintenance-settings.ts';
import type { PlannedAction } from '../../contract/maintenance.ts';
import { lastDone } from '../maintenance-record.ts';
import {
  ageCondition,
  expectedMs,
  type MaintenanceTask,
  planned,
  type Situation,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

const PREFIX = 'market_data-';

/** Writes a verified copy into a directory, and removes those that are no longer kept. */
export class BackupTask implements MaintenanceTask {
  readonly action = 'backup';
  readonly #settings: BackupSettings;

  constructor(settings: BackupSettings) {
    this.#settings = settings;
  }

  explain(situation: Situation): PlannedAction {
    const { fragmentation, record } = situation;
    const { pageBytes, pages, freePages } = fragmentation;
    const last = lastDone(record, this.action);
    return planned(this.action, [ageCondition(situation, last?.at, this.#settings.everyMs)], {
      freesBytes: 0,
      expectedMs: expectedMs(situation, this.action, (pages - freePages) * pageBytes),
      blocksWrites: false,
    });
  }

  async run({ storage, now }: Situation, { signal, progress }: TaskRun): Promise<TaskOutcome> {
    const { backup } = storage;
    if (backup === undefined) throw new TypeError('there is a task only where there are backups');
    const { directory, deadlineMs, keep } = this.#settings;
    const { path, bytes, candles } = await backup.create({
      to: `${directory}/${PREFIX}${fileTime(now)}.sqlite3`,
      deadlineMs,
      signal,
      onProgress: ({ phase, fraction }) => progress((phase === 'copying' ? 0 : 0.5) + fraction / 2),
    });
    const { removed } = await backup.prune({ directory, keep, signal });
    const size = `${(bytes / 1e6).toFixed(1)} MB`;
    return {
      freedBytes: 0,
      workedBytes: bytes,
      message: `${candles} candles in ${path}, ${size}, verified; ${removed.length} older ones removed`,
    };
  }
}

/** `2026-01-31T020000.000Z`: sorts by time, and every file system takes it. */
function fileTime(at: EpochMs): string {
  return new Date(at).toISOString().replaceAll(':', '');
}
