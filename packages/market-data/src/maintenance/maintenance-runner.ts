import {
  BarkeepError,
  type CallOptions,
  type Clock,
  delay,
  invalidInput,
  ListenerSet,
  monotonicTime,
  RepeatingTask,
  throwIfAborted,
  type Unsubscribe,
} from '@barkeep/core';
import type { IMarketDataStorage, IStorageMaintenance } from '@barkeep/storage';
import type { MaintenanceSettings } from '../config/maintenance-settings.ts';
import type {
  IServiceMaintenance,
  MaintenanceAction,
  MaintenancePlan,
  MaintenanceRun,
  MaintenanceRunOptions,
  MaintenanceStatistics,
  PlannedAction,
} from '../contract/maintenance.ts';
import { asBarkeepError } from '../fetching/as-barkeep-error.ts';
import { addRun, readRecord } from './maintenance-record.ts';
import type { MaintenanceTask, Situation, TaskOutcome, TaskRun } from './maintenance-task.ts';

export interface MaintenanceRunnerOptions {
  readonly storage: IMarketDataStorage;
  readonly maintenance: IStorageMaintenance;
  readonly clock: Clock;
  readonly settings: MaintenanceSettings;
  /** In the order in which they run. */
  readonly tasks: readonly MaintenanceTask[];
  /** Names this process among those that share the storage. */
  readonly owner: string;
  /** Fires when the service closes. */
  readonly closing: AbortSignal;
  /** Called when an action has failed. */
  readonly onFailure: (error: unknown) => void;
}

/** Longer than a step takes; a process that has died gives it back by then. */
const LEASE_MS = 600_000;
const LEASE = 'market-data/maintenance';
/** After a step others have the storage for this many times as long. */
const PAUSE_FACTOR = 9;
const LONGEST_PAUSE_MS = 1_000;
/** An action that failed is not tried again sooner. */
const RETRY_MS = 3_600_000;
const NO_OPTIONS: MaintenanceRunOptions = Object.freeze({});

/**
 * Looks at the database every so often, and does what is due: one action at a time, in one process at a
 * time, and only what it could have explained.
 */
export class MaintenanceRunner implements IServiceMaintenance {
  readonly #options: MaintenanceRunnerOptions;
  readonly #ticks: RepeatingTask;
  readonly #runs = new ListenerSet<MaintenanceRun>();
  #underWay: Promise<unknown> | undefined;
  #lastChangeAt: number;
  #running: MaintenanceAction | undefined;
  #unsubscribe: Unsubscribe | undefined;
  readonly #counts = { runs: 0, failures: 0 };
  #lastRun: MaintenanceRun | undefined;
  #fragmentation: MaintenanceStatistics['fragmentation'];

  constructor(options: MaintenanceRunnerOptions) {
    this.#options = options;
    const { clock, settings } = options;
    this.#ticks = new RepeatingTask(clock, settings.intervalMs, () => this.#tick());
    this.#lastChangeAt = monotonicTime(clock).now();
  }

  get statistics(): MaintenanceStatistics {
    return {
      ...this.#counts,
      running: this.#running,
      lastRun: this.#lastRun,
      fragmentation: this.#fragmentation,
    };
  }

  start(): void {
    const time = monotonicTime(this.#options.clock);
    this.#unsubscribe = this.#options.storage.changes.subscribe(() => {
      this.#lastChangeAt = time.now();
    });
    this.#ticks.start();
  }

  /** Waits for what is running, which `closing` has ended. */
  async close(): Promise<void> {
    this.#ticks.stop();
    this.#unsubscribe?.();
    await this.#underWay?.catch(ignore);
  }

  /** Calls the listener with every run of this process. */
  onRun(listener: (run: MaintenanceRun) => void): Unsubscribe {
    return this.#runs.add(listener);
  }

  async explain(options: CallOptions = NO_OPTIONS): Promise<MaintenancePlan> {
    throwIfAborted(options.signal);
    const situation = await this.#look();
    const actions: PlannedAction[] = [];
    for (const task of this.#options.tasks) actions.push(await task.explain(situation));
    const { now: at, isQuiet, fragmentation } = situation;
    return { at, isQuiet, fragmentation, actions };
  }

  async history(options: CallOptions = NO_OPTIONS): Promise<readonly MaintenanceRun[]> {
    throwIfAborted(options.signal);
    const { storage, clock } = this.#options;
    return (await readRecord(storage, clock.now())).runs;
  }

  async run(options: MaintenanceRunOptions = NO_OPTIONS): Promise<MaintenanceRun[]> {
    throwIfAborted(options.signal);
    const wanted = options.actions?.map((action) => this.#taskOf(action));
    while (this.#underWay !== undefined) await this.#underWay.catch(ignore);
    const runs = await this.#exclusively(() => this.#runAll(wanted, options));
    if (runs !== undefined) return runs;
    throw new BarkeepError('BUSY', 'this database is being maintained already');
  }

  async #tick(): Promise<void> {
    try {
      await this.#exclusively(() => this.#runAll(undefined, NO_OPTIONS));
    } catch (error) {
      // What takes no writes does not age.
      if (BarkeepError.is(error, 'READ_ONLY')) this.#ticks.stop();
      else if (!this.#options.closing.aborted) this.#failed(error);
    }
  }

  #taskOf(action: MaintenanceAction): MaintenanceTask {
    const task = this.#options.tasks.find((one) => one.action === action);
    if (task !== undefined) return task;
    const known = this.#options.tasks.map((one) => one.action).join(', ');
    throw invalidInput({ field: 'actions', rule: `must be of ${known}`, value: action });
  }

  /** `undefined` when somebody else is at it, here or in another process. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#underWay !== undefined) return undefined;
    const { maintenance, owner } = this.#options;
    const underWay = (async () => {
      if (!(await this.#lease(LEASE_MS))) return undefined;
      try {
        return await work();
      } finally {
        await maintenance.lease({ name: LEASE, owner, forMs: 0 });
      }
    })();
    this.#underWay = underWay;
    try {
      return await underWay;
    } finally {
      this.#underWay = undefined;
    }
  }

  #lease(forMs: number): Promise<boolean> {
    const { maintenance, owner } = this.#options;
    return maintenance.lease({ name: LEASE, owner, forMs });
  }

  /** Without wanted tasks, those that are due. */
  async #runAll(
    wanted: readonly MaintenanceTask[] | undefined,
    options: MaintenanceRunOptions,
  ): Promise<MaintenanceRun[]> {
    const runs: MaintenanceRun[] = [];
    for (const task of wanted ?? this.#options.tasks) {
      // Each task goes by what those before it have left.
      const situation = await this.#look();
      const { isDue, conditions } = await task.explain(situation);
      if (wanted === undefined && (!isDue || hasFailedLately(situation, task))) continue;
      const reason =
        wanted === undefined
          ? conditions.map(({ rule, found }) => `${rule}: ${found}`).join('; ')
          : 'it was asked for';
      const run = await this.#runOne(task, situation, reason, options);
      runs.push(run);
      if (run.outcome !== 'done') break;
    }
    return runs;
  }

  async #runOne(
    task: MaintenanceTask,
    situation: Situation,
    reason: string,
    options: MaintenanceRunOptions,
  ): Promise<MaintenanceRun> {
    const { storage, clock } = this.#options;
    const time = monotonicTime(clock);
    const start = time.now();
    const { action } = task;
    this.#running = action;
    const finish = async (
      outcome: MaintenanceRun['outcome'],
      { workedBytes = 0, ...rest }: TaskOutcome,
    ): Promise<MaintenanceRun> => {
      this.#running = undefined;
      const tookMs = time.now() - start;
      const run = { at: situation.now, action, reason, outcome, ...rest, workedBytes, tookMs };
      await addRun(storage, run);
      this.#counts.runs += 1;
      this.#lastRun = run;
      this.#runs.emit(run);
      return run;
    };
    try {
      return await finish('done', await task.run(situation, this.#taskRun(action, options)));
    } catch (cause) {
      const isAborted = options.signal?.aborted === true || this.#options.closing.aborted;
      const error = asBarkeepError(cause, `${action} failed`);
      if (!isAborted) this.#failed(error);
      const outcome = isAborted ? 'aborted' : 'failed';
      const run = await finish(outcome, { freedBytes: 0, message: error.message });
      throwIfAborted(options.signal);
      return run;
    }
  }

  #taskRun(action: MaintenanceAction, { signal, onProgress }: MaintenanceRunOptions): TaskRun {
    const { clock, closing } = this.#options;
    const signals = [closing, ...(signal === undefined ? [] : [signal])];
    const both = AbortSignal.any(signals);
    onProgress?.({ action, done: undefined });
    return {
      signal: both,
      progress: (done) => onProgress?.({ action, done }),
      pause: async (tookMs) => {
        await delay(clock, Math.min(LONGEST_PAUSE_MS, PAUSE_FACTOR * tookMs), both);
        await this.#lease(LEASE_MS);
      },
    };
  }

  async #look(): Promise<Situation> {
    const { storage, maintenance, clock, settings } = this.#options;
    const now = clock.now();
    const fragmentation = await maintenance.fragmentation();
    this.#fragmentation = fragmentation;
    return {
      storage,
      maintenance,
      now,
      isQuiet: settings.quiet.isOpen(now),
      idleMs: monotonicTime(clock).now() - this.#lastChangeAt,
      fragmentation,
      record: await readRecord(storage, now),
    };
  }

  #failed(error: unknown): void {
    this.#counts.failures += 1;
    this.#options.onFailure(error);
  }
}

/** Whoever asked for it, or the record, has the failure. */
function ignore(): void {}

function hasFailedLately({ record, now }: Situation, { action }: MaintenanceTask): boolean {
  const last = record.runs.findLast((run) => run.action === action);
  return last?.outcome === 'failed' && Math.abs(now - last.at) < RETRY_MS;
}
