import type { PlannedAction } from '../../contract/maintenance.ts';
import type { Retention } from '../../retention/retention.ts';
import {
  ageCondition,
  type MaintenanceTask,
  planned,
  type Situation,
  type TaskOutcome,
  type TaskRun,
} from '../maintenance-task.ts';

/** Floors move in strides of days or weeks: counting what they free is not worth it more often. */
const EVERY_MS = 3_600_000;
/** About what a candle takes in a segment. */
const CANDLE_BYTES = 8;
/** About what it takes to remove one. */
const CANDLE_MS = 0.0005;
const NOTHING = { candles: 0, floors: 0 };

/** Removes what the rules no longer keep, in small steps. */
export class RetentionTask implements MaintenanceTask {
  readonly action = 'retention';
  readonly #retention: Retention;
  /** When it was looked at last, whatever came of it. */
  #lookedAt: number | undefined;

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  async explain(situation: Situation): Promise<PlannedAction> {
    const isFirst = this.#lookedAt === undefined;
    const age = ageCondition(situation, this.#lookedAt, EVERY_MS);
    const { candles, floors } = isFirst || age.isMet ? await this.#count(situation) : NOTHING;
    const conditions = [
      {
        rule: 'the rules keep less than is stored, or a floor has to move',
        isMet: candles + floors > 0,
        found: `${candles} candles, ${floors} floors, counted once an hour`,
      },
    ];
    return planned(this.action, conditions, {
      freesBytes: candles * CANDLE_BYTES,
      expectedMs: candles * CANDLE_MS,
      blocksWrites: false,
    });
  }

  async run(_situation: Situation, { signal, pause }: TaskRun): Promise<TaskOutcome> {
    const run = this.#retention.run({ signal });
    for (;;) {
      const start = performance.now();
      const step = await run.next();
      if (step === undefined) break;
      await pause(performance.now() - start);
    }
    const { candles, series } = run.report();
    const error = series.find((one) => one.error !== undefined)?.error;
    if (error !== undefined) throw error;
    return { freedBytes: 0, message: `${candles} candles of ${series.length} series removed` };
  }

  async #count({ now }: Situation): Promise<typeof NOTHING> {
    const { candles, series } = await this.#retention.explain({});
    this.#lookedAt = now;
    const floors = series.filter((one) => one.retainedBefore !== one.retainedFrom).length;
    return { candles, floors };
  }
}
