import { throwIfAborted } from '@barkeep/core';
import type { RetentionReport, RetentionStep, SeriesRetention } from '../contract/retention.ts';
import type { SeriesRemoval } from './series-removal.ts';

/** One run over all series, a short step at a time. */
export class RetentionRun {
  readonly #steps: AsyncGenerator<RetentionStep, void, void>;
  readonly #done: SeriesRetention[] = [];

  constructor(removals: () => Promise<readonly SeriesRemoval[]>, signal: AbortSignal | undefined) {
    this.#steps = this.#allSteps(removals, signal);
  }

  /** Does the next step; `undefined` when there is nothing left to do. */
  async next(): Promise<RetentionStep | undefined> {
    const { done, value } = await this.#steps.next();
    return done === true ? undefined : value;
  }

  report(): RetentionReport {
    const series = [...this.#done];
    return { candles: series.reduce((sum, { candles }) => sum + candles, 0), series };
  }

  async *#allSteps(
    removals: () => Promise<readonly SeriesRemoval[]>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RetentionStep, void, void> {
    for (const removal of await removals()) {
      for await (const step of removal.steps()) {
        yield step;
        throwIfAborted(signal);
      }
      this.#done.push(removal.outcome);
    }
  }
}
