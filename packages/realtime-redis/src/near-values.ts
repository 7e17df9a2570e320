import type { MonotonicTime } from '@barkeep/core';

export interface NearValuesOptions<Value> {
  readonly maxSymbols: number;
  readonly time: MonotonicTime;
  /** The longest time a value is kept, in milliseconds. */
  readonly maxAgeMs: number;
  /** The value must not change afterwards: it is handed to all who ask. `undefined`: unreadable. */
  readonly decode: (symbol: string, stored: string) => Value | undefined;
}

/** A place for the value of a symbol, which may be empty. */
export interface NearPlace<Value> {
  /** Of the latest write that was heard of; what is older is refused. */
  version: number;
  stored: string | undefined;
  /** In the time of the cache. */
  expiresAt: number;
  /** Made when it is first asked for. */
  answer: Promise<Value> | undefined;
  /** Asked for since it was last passed over for eviction. */
  isUsed: boolean;
}

/**
 * The latest values of one kind, in front of Redis. A read that finds nothing reserves a place, and
 * fills it if nothing newer was heard of meanwhile; a write that is heard of changes only places that
 * are there. So a value never goes back to an older one, whichever way it comes.
 */
export class NearValues<Value> {
  readonly #options: NearValuesOptions<Value>;
  readonly #places = new Map<string, NearPlace<Value>>();

  constructor(options: NearValuesOptions<Value>) {
    this.#options = options;
  }

  /** The live value in a promise that has resolved, the same for all who ask. */
  answer(symbol: string): Promise<Value> | undefined {
    const place = this.#places.get(symbol);
    if (place?.stored === undefined) return undefined;
    if (place.expiresAt <= this.#options.time.now()) return undefined;
    place.isUsed = true;
    return place.answer ?? this.#decode(symbol, place, place.stored);
  }

  /** To be filled with what a read that begins now will find. */
  reserve(symbol: string): NearPlace<Value> {
    const known = this.#places.get(symbol);
    if (known !== undefined) return known;
    const place: NearPlace<Value> = {
      version: 0,
      stored: undefined,
      expiresAt: 0,
      answer: undefined,
      isUsed: false,
    };
    this.#places.set(symbol, place);
    this.#keepBound();
    return place;
  }

  /** What a read found at a version, into the place it reserved, if that is still there. */
  fill(
    symbol: string,
    place: NearPlace<Value>,
    version: number,
    stored: string | null,
    expiresAt: number,
  ): void {
    if (this.#places.get(symbol) !== place) return;
    if (stored !== null) this.#put(place, version, stored, expiresAt);
    else if (place.stored === undefined) this.#places.delete(symbol);
  }

  /**
   * What a write has stored; `undefined` when it deleted. An empty place stays empty, and only refuses
   * what is older: what is heard of late may have been deleted since.
   */
  hear(symbol: string, version: number, stored: string | undefined, expiresAt: number): void {
    const place = this.#places.get(symbol);
    if (place === undefined) return;
    this.#put(place, version, place.stored === undefined ? undefined : stored, expiresAt);
  }

  clear(): void {
    this.#places.clear();
  }

  /** What cannot be read is not at hand: whoever asks Redis for it counts it. */
  #decode(symbol: string, place: NearPlace<Value>, stored: string): Promise<Value> | undefined {
    const value = this.#options.decode(symbol, stored);
    if (value === undefined) place.stored = undefined;
    else place.answer = Promise.resolve(value);
    return place.answer;
  }

  #put(
    place: NearPlace<Value>,
    version: number,
    stored: string | undefined,
    expiresAt: number,
  ): void {
    if (version < place.version) return;
    place.version = version;
    place.stored = stored;
    place.answer = undefined;
    if (stored === undefined) return;
    const { time, maxAgeMs } = this.#options;
    place.expiresAt = Math.min(expiresAt, time.now() + maxAgeMs);
  }

  /** The oldest place goes that was not asked for since it was last passed over. */
  #keepBound(): void {
    while (this.#places.size > this.#options.maxSymbols) {
      const [oldest] = this.#places;
      if (oldest === undefined) return;
      const [symbol, place] = oldest;
      this.#places.delete(symbol);
      if (!place.isUsed) continue;
      place.isUsed = false;
      this.#places.set(symbol, place);
    }
  }
}
