import { type EpochMs, type SeriesKey, seriesKeyText } from '@barkeep/core';
import type { CandleStream } from '@barkeep/source';

/** Which series come through the router candle by candle now, and from which period on. */
export class LiveStreams {
  readonly #since = new Map<string, EpochMs>();

  get size(): number {
    return this.#since.size;
  }

  /** By the text of the series' key; `undefined` where nothing is promised. */
  since(text: string): EpochMs | undefined {
    return this.#since.get(text);
  }

  begin({ key, since }: CandleStream): void {
    this.#since.set(seriesKeyText(key), since);
  }

  end(key: SeriesKey): void {
    this.#since.delete(seriesKeyText(key));
  }

  clear(): void {
    this.#since.clear();
  }
}
