import type { Clock, ClockTimer } from '@barkeep/core';

export interface SnapshotSaverOptions {
  readonly clock: Clock;
  /** How long a change waits for its save at most, saving itself aside. */
  readonly delayMs: number;
  /** Saves everything as it is when it is called. */
  readonly save: () => Promise<void>;
}

/**
 * Saves after changes: one save at a time, begun at most `delayMs` after the first change it has.
 * One that fails is tried again after as long; whoever flushes is told.
 */
export class SnapshotSaver {
  readonly #options: SnapshotSaverOptions;
  /** The numbers of the last change, and of the last that was saved. */
  #changed = 0;
  #saved = 0;
  #saving: Promise<void> | undefined;
  #timer: ClockTimer | undefined;
  #isStopped = false;

  constructor(options: SnapshotSaverOptions) {
    this.#options = options;
  }

  /** Notes a change. */
  touch(): void {
    this.#changed += 1;
    this.#arm();
  }

  /** Resolves when every change so far has been saved. @throws what `save` throws. */
  async flush(): Promise<void> {
    const wanted = this.#changed;
    while (this.#saved < wanted) await this.#saveNow();
  }

  /** No save begins by itself after this. */
  stop(): void {
    this.#isStopped = true;
    this.#disarm();
  }

  #saveNow(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
      this.#arm();
    });
    return this.#saving;
  }

  async #save(): Promise<void> {
    this.#disarm();
    const included = this.#changed;
    await this.#options.save();
    this.#saved = included;
  }

  #arm(): void {
    const isSaved = this.#saved === this.#changed;
    if (this.#isStopped || isSaved || this.#timer !== undefined || this.#saving !== undefined) {
      return;
    }
    const { clock, delayMs } = this.#options;
    const onTime = (): void => {
      this.#timer = undefined;
      // A failure leaves the change unsaved: the timer is set again, and the next flush tells.
      this.#saveNow().catch(() => undefined);
    };
    this.#timer = clock.setTimer(onTime, delayMs, { keepsProcessAlive: true });
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
