import { type EpochMs, type IntervalSet, type SeriesKey, seriesKeyText } from '@barkeep/core';
import type { CandleStream } from '@barkeep/source';

/** A promise that holds. */
export interface RunningStream extends CandleStream {
  /** When it was heard of: of periods before the one that was under way then it says nothing. */
  readonly toldAt: EpochMs;
}

const NOTHING: IntervalSet = [];

/**
 * Which series come through the router candle by candle now, and from which period on; and what was
 * called covered on its word and is not believed any more, though the storage may still say so.
 */
export class LiveStreams {
  readonly #running = new Map<string, RunningStream>();
  readonly #withdrawn = new Map<string, IntervalSet>();
  /** Nothing is relied on for the moment, though promises hold. */
  isSuspended = false;

  get size(): number {
    return this.#running.size;
  }

  get running(): readonly RunningStream[] {
    return [...this.#running.values()];
  }

  get(key: SeriesKey): RunningStream | undefined {
    return this.#running.get(seriesKeyText(key));
  }

  /** By the text of the series' key; `undefined` where nothing can be relied on. */
  since(text: string): EpochMs | undefined {
    return this.isSuspended ? undefined : this.#running.get(text)?.since;
  }

  /** Coverage that does not count, by the text of the series' key. */
  withdrawn(text: string): IntervalSet {
    return this.#withdrawn.get(text) ?? NOTHING;
  }

  setWithdrawn(key: SeriesKey, withdrawn: IntervalSet): void {
    const text = seriesKeyText(key);
    if (withdrawn.length === 0) this.#withdrawn.delete(text);
    else this.#withdrawn.set(text, withdrawn);
  }

  begin(stream: RunningStream): void {
    this.#running.set(seriesKeyText(stream.key), stream);
  }

  end(key: SeriesKey): void {
    this.#running.delete(seriesKeyText(key));
  }

  clear(): void {
    this.#running.clear();
  }
}
