import { type Clock, monotonicTime, RepeatingTask } from '@barkeep/core';
import type { AlertSettings } from '../config/check-monitoring.ts';
import type { AlertEvent, StandingAlert } from '../contract/alert.ts';
import { AlertWatch } from './alert-watch.ts';
import type { Observation } from './observation.ts';

export interface AlertChecksOptions {
  readonly settings: AlertSettings;
  readonly clock: Clock;
  /** What is known without asking anybody. */
  readonly baseline: () => Observation;
  /** Never rejects, and does not take for ever. */
  readonly observe: () => Promise<Observation>;
  readonly onAlert: (event: AlertEvent) => void;
}

/** Checks every so often what raises an alert, one check at a time. */
export class AlertChecks {
  readonly #options: AlertChecksOptions;
  readonly #watch: AlertWatch;
  readonly #task: RepeatingTask;
  #isOn = false;
  /** What counts are compared with: the check before, or the start. */
  #before: Observation | undefined;

  constructor(options: AlertChecksOptions) {
    const { settings, clock } = options;
    this.#options = options;
    this.#watch = new AlertWatch(settings.rules);
    this.#task = new RepeatingTask(monotonicTime(clock), settings.intervalMs, () => this.#check());
  }

  get standing(): StandingAlert[] {
    return this.#watch.standing;
  }

  start(): void {
    this.#before = this.#options.baseline();
    this.#isOn = true;
    this.#task.start();
  }

  /** What a check that is under way finds is not heard any more. */
  stop(): void {
    this.#isOn = false;
    this.#task.stop();
  }

  async #check(): Promise<void> {
    const now = await this.#options.observe();
    if (!this.#isOn) return;
    const events = this.#watch.check(now, this.#before ?? now);
    this.#before = now;
    for (const event of events) this.#options.onAlert(event);
  }
}
