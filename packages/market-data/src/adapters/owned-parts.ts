import { BarkeepError, type CallOptions, type HandleState } from '@barkeep/core';

/** Anything that is opened and closed. */
export interface Part {
  readonly state: HandleState;
  open(options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}

/** The parts that were opened here, and so are closed here; those found open are left open. */
export class OwnedParts {
  readonly #owned: Part[] = [];

  /** Opens a part unless somebody else has. */
  async open(part: Part): Promise<void> {
    const isOurs = part.state === 'idle';
    await part.open();
    if (isOurs) this.#owned.push(part);
  }

  /** Closes what was opened, the last first, all of it even where one fails. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let part = this.#owned.pop(); part !== undefined; part = this.#owned.pop()) {
      await part.close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length <= 1) {
      for (const failure of failures) throw failure;
      return;
    }
    throw new BarkeepError('IO', `${failures.length} parts failed to close`, {
      retryable: false,
      cause: new AggregateError(failures),
    });
  }
}
