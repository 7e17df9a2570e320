import { type Clock, type MonotonicTime, monotonicTime } from '@barkeep/core';
import type { CacheEntry } from './cache-entry.ts';

/** Keys that are remembered; the longest unwritten goes first. */
const MOST_KEYS = 50_000;
/** Of one key: what is being written, what it replaces, and what was found meanwhile. */
const MOST_LIVES = 4;

type EntryLife = Pick<CacheEntry, 'key' | 'expiresAt' | 'deadline'>;

interface Life {
  readonly expiresAt: number;
  readonly deadline: number;
}

/**
 * Whether entries are live: by the wall clock, which processes and restarts share, and by the time that
 * has passed since this process first saw an entry, which no setting of the clock can change. The end
 * that comes first counts. While an entry is being written, that before it may still be found, so both are
 * remembered.
 */
export class EntryLives {
  readonly #clock: Clock;
  readonly #time: MonotonicTime;
  readonly #lives = new Map<string, readonly Life[]>();

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

  /** Remembers entries that are being written; to be called back when they are, which ends those before. */
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

  /** To be called back when all entries of now are gone. */
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

  /** An entry that is none of those that were seen has been written elsewhere since. */
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
