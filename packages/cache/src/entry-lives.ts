import { type Clock, type MonotonicTime, monotonicTime } from '@barkeep/core';
import type { CacheEntry } from './cache-entry.ts';

/** Entries that are remembered; the longest unwritten goes first. */
const MOST_ENTRIES = 50_000;

type EntryLife = Pick<CacheEntry, 'key' | 'expiresAt' | 'deadline'>;

/**
 * Whether entries are live: by the wall clock, which processes and restarts share, and by the time that
 * has passed since this process first saw an entry, which no setting of the clock can change. The end
 * that comes first counts.
 */
export class EntryLives {
  readonly #clock: Clock;
  readonly #time: MonotonicTime;
  readonly #seen = new Map<string, { readonly expiresAt: number; readonly deadline: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#time = monotonicTime(clock);
  }

  /** The end of a life by the time that passes, if it began now. */
  deadlineOf(expiresAt: number, now: number = this.#clock.now()): number {
    return this.#time.now() + (expiresAt - now);
  }

  isLive(entry: EntryLife): boolean {
    if (entry.expiresAt === Number.POSITIVE_INFINITY) return true;
    if (entry.expiresAt <= this.#clock.now()) return false;
    return (entry.deadline ?? this.#deadlineOfSeen(entry)) > this.#time.now();
  }

  /** Remembers an entry that is written now. */
  learn({ key, expiresAt, deadline = this.deadlineOf(expiresAt) }: EntryLife): number {
    this.#seen.delete(key);
    if (expiresAt === Number.POSITIVE_INFINITY) return deadline;
    this.#seen.set(key, { expiresAt, deadline });
    if (this.#seen.size > MOST_ENTRIES) {
      const [longestUnwritten = ''] = this.#seen.keys();
      this.#seen.delete(longestUnwritten);
    }
    return deadline;
  }

  /** Remembers entries that are being written; what it returns takes that back, except of what was written since. */
  write(entries: readonly EntryLife[]): () => void {
    const before = entries.map(({ key }) => this.#seen.get(key));
    for (const entry of entries) this.learn(entry);
    const after = entries.map(({ key }) => this.#seen.get(key));
    return () => {
      for (const [i, { key }] of entries.entries()) {
        const life = before[i];
        if (life !== undefined && this.#seen.get(key) === after[i]) this.#seen.set(key, life);
      }
    };
  }

  /** Forgets all entries; what it returns brings them back, except those that were written since. */
  clear(): () => void {
    const forgotten = [...this.#seen];
    this.#seen.clear();
    return () => {
      for (const [key, life] of forgotten) if (!this.#seen.has(key)) this.#seen.set(key, life);
    };
  }

  /** An entry that is not the one that was seen has been written elsewhere since. */
  #deadlineOfSeen(entry: EntryLife): number {
    const seen = this.#seen.get(entry.key);
    return seen?.expiresAt === entry.expiresAt ? seen.deadline : this.learn(entry);
  }
}
