import type { Clock, ClockTimer } from '@barkeep/core';
import type { RemoteChanges } from '@barkeep/sqlite-engine';
import type { ChangeEvent } from '@barkeep/storage';

export interface RemoteChangePollOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  read(): Promise<RemoteChanges>;
  publish(event: ChangeEvent): void;
  reportFailure(error: unknown): void;
}

/** Looks for other processes' changes again and again, while it runs. */
export class RemoteChangePoll {
  readonly #options: RemoteChangePollOptions;
  #timer: ClockTimer | undefined;
  #running = false;

  constructor(options: RemoteChangePollOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, intervalMs } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(() => void this.#look(), intervalMs);
  }

  async #look(): Promise<void> {
    let more = true;
    while (more && this.#running) more = await this.#publishPage();
    if (this.#running) this.#schedule();
  }

  async #publishPage(): Promise<boolean> {
    const { read, publish, reportFailure } = this.#options;
    try {
      const { changes, lagged, more } = await read();
      if (lagged) publish({ type: 'lagged' });
      for (const change of changes) publish({ ...change, origin: 'remote' });
      return more;
    } catch (error) {
      if (!this.#running) return false;
      reportFailure(error);
      // Subscribers cannot rely on having heard everything.
      publish({ type: 'lagged' });
      return false;
    }
  }
}
