import { type Clock, type MonotonicTime, monotonicTime } from '@barkeep/core';
import type { CacheEntry } from './cache-entry.ts';

/** Keys to remember. Beyond it, the least recently written one is dropped. */
const MOST_KEYS = 50_000;
/** Per key: the entry being written, the one it replaces, and those found in between. */
const MOST_LIVES = 4;

type EntryLife = Pick<CacheEntry, 'key' | 'expiresAt' | 'deadline'>;

interface Life {
  readonly expiresAt: number;
  readonly deadline: number;
}

/**
 * Decides whether entries have expired, by the wall clock (shared by processes and across restarts)
 * and by the time since this process first saw the entry (not affected by setting the clock),
 * whichever is earlier. While an entry is being written, reads may still find the previous one, so
 * both are remembered.
 */
export class EntryLives {
  readonly #clock: Clock;
  readonly #time: MonotonicTime;
  readonly #lives = new Map<string, readonly Life[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#time = monotonicTime(clock);
  }

  /** The monotonic time at which an entry expires if it is written now. */
  deadlineOf(expiresAt: number, now: number = this.#clock.now()): number {
    return this.#time.now() + (expiresAt - now);
  }

  isLive(entry: EntryLife): boolean {
    if (entry.expiresAt === Number.POSITIVE_INFINITY) return true;
    if (entry.expiresAt <= this.#clock.now()) return false;
    return (entry.deadline ?? this.#deadlineOfSeen(entry)) > this.#time.now();
  }

  /**
   * Remembers entries being written. Call the returned function when the write is done; it forgets
   * the previous ones.
   */
  write(entries: readonly EntryLife[]): () => void {
    const writes = entries.map(({ key, expiresAt }) => {
      const before = this.#lives.get(key) ?? [];
      const life = { expiresAt, deadline: this.deadlineOf(expiresAt) };
      // Of two with one expiry nobody can tell which is found: the earlier end counts for as long.
      if (!before.some((one) => one.expiresAt === expiresAt))
        this.#remember(key, [...before, life]);
      return { key, life, before };
    });
    return () => {
      for (const { key, life, before } of writes) {
        const since = (this.#lives.get(key) ?? []).filter(
          (one) => !before.includes(one) && one.expiresAt !== life.expiresAt,
        );
        this.#remember(key, [life, ...since]);
      }
    };
  }

  /** Call the returned function when all current entries are gone. */
  clear(): () => void {
    const before = new Map(this.#lives);
    return () => {
      for (const [key, lives] of before) {
        this.#remember(
          key,
          (this.#lives.get(key) ?? []).filter((one) => !lives.includes(one)),
        );
      }
    };
  }

  /** An unknown entry was written by another process since. */
  #deadlineOfSeen({ key, expiresAt }: EntryLife): number {
    const lives = this.#lives.get(key) ?? [];
    const seen = lives.find((life) => life.expiresAt === expiresAt);
    if (seen !== undefined) return seen.deadline;
    const deadline = this.deadlineOf(expiresAt);
    this.#remember(key, [...lives, { expiresAt, deadline }]);
    return deadline;
  }

  #remember(key: string, lives: readonly Life[]): void {
    this.#lives.delete(key);
    const finite = lives.filter(({ expiresAt }) => expiresAt !== Number.POSITIVE_INFINITY);
    if (finite.length === 0) return;
    this.#lives.set(key, finite.slice(-MOST_LIVES));
    if (this.#lives.size <= MOST_KEYS) return;
    const [longestUnwritten = ''] = this.#lives.keys();
    this.#lives.delete(longestUnwritten);
  }
}
