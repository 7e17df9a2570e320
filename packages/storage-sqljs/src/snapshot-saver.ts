import { BarkeepError, type Clock, type ClockTimer, type EpochMs } from '@barkeep/core';
import type { SaveStatus } from './save-status.ts';

export interface SnapshotSaverOptions {
  readonly clock: Clock;
  /** How long a change waits for its save at most, saving itself aside. */
  readonly delayMs: number;
  /** Saves everything as it is when it is called; rejects with a BarkeepError. */
  readonly save: () => Promise<void>;
  /** Is told of every save that fails. */
  readonly onFailure: (error: BarkeepError) => void;
}

/** The pause after a first failure; it doubles up to the longest, and is never shorter than the delay. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/**
 * Saves after changes: one save at a time, begun at most `delayMs` after the first change it has. A
 * save that fails is reported and tried again, after growing pauses.
 */
export class SnapshotSaver {
  readonly #options: SnapshotSaverOptions;
  /** The numbers of the last change, and of the last that was saved. */
  #changed = 0;
  #saved = 0;
  /** Failures since the last save that succeeded. */
  #failures = 0;
  #lastSavedAt: EpochMs | undefined;
  #lastError: SaveStatus['lastError'];
  #saving: Promise<void> | undefined;
  #timer: ClockTimer | undefined;
  #isStopped = false;

  constructor(options: SnapshotSaverOptions) {
    this.#options = options;
  }

  get status(): SaveStatus {
    return {
      hasUnsavedChanges: this.#saved < this.#changed,
      lastSavedAt: this.#lastSavedAt,
      lastError: this.#lastError,
    };
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

  /** Begins to save what is unsaved, without waiting for the delay. A failure is reported, not thrown. */
  hurry(): void {
    if (this.#isStopped) return;
    // `onFailure` has reported it, and the change stays unsaved.
    this.flush().catch(() => undefined);
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
    const { clock, save, onFailure } = this.#options;
    try {
      await save();
    } catch (error) {
      this.#failures += 1;
      if (BarkeepError.is(error)) {
        this.#lastError = { at: clock.now(), error };
        onFailure(error);
      }
      throw error;
    }
    this.#failures = 0;
    this.#saved = included;
    this.#lastSavedAt = clock.now();
  }

  #arm(): void {
    const isSaved = this.#saved === this.#changed;
    if (this.#isStopped || isSaved || this.#timer !== undefined || this.#saving !== undefined) {
      return;
    }
    const onTime = (): void => {
      this.#timer = undefined;
      this.hurry();
    };
    this.#timer = this.#options.clock.setTimer(onTime, this.#pauseMs(), {
      keepsProcessAlive: true,
    });
  }

  #pauseMs(): number {
    const { delayMs } = this.#options;
    if (this.#failures === 0) return delayMs;
    return Math.max(
      delayMs,
      Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS),
    );
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
