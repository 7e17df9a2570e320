import {
  type Clock,
  type JsonValue,
  parseSeriesKeyText,
  RepeatingTask,
  type SeriesKey,
  seriesKeyText,
} from '@barkeep/core';
import type { CandleQuery, IMarketDataStorage } from '@barkeep/storage';

/** How a series is read. */
interface Habit {
  /** Of earlier runs only a part is left: what was read lately counts more. */
  reads: number;
  /** The most candles of one answer. */
  candles: number;
}

const DOCUMENT = 'habits/candles';
const SAVE_EVERY_MS = 300_000;
/** Half of what earlier runs read counts in this one. */
const DECAY = 0.5;
/** Of more series, those that are read least are forgotten. */
const MAX_SERIES = 1_000;
/** So many are written down: a document of some tens of kilobytes at most. */
const MAX_SAVED = 256;
const MAX_CANDLES = 10_000;

/** Which series are read most, kept as a document in the storage's metadata from run to run. */
export class ReadingHabits {
  readonly #storage: IMarketDataStorage;
  readonly #habits = new Map<string, Habit>();
  readonly #task: RepeatingTask;
  #isTakenUp = false;
  #failures = 0;

  constructor(storage: IMarketDataStorage, clock: Clock) {
    this.#storage = storage;
    this.#task = new RepeatingTask(clock, SAVE_EVERY_MS, () => this.save());
  }

  /** How often they could not be written down. */
  get failures(): number {
    return this.#failures;
  }

  /** Takes up what earlier runs wrote down; where that fails, it is tried again before they are replaced. */
  async start(): Promise<void> {
    this.#task.start();
    await this.#takeUp();
  }

  async close(): Promise<void> {
    this.#task.stop();
    await this.save();
  }

  note(key: SeriesKey, candles: number): void {
    const text = seriesKeyText(key);
    const habit = this.#habits.get(text);
    if (habit === undefined) this.#habits.set(text, { reads: 1, candles });
    else {
      habit.reads += 1;
      habit.candles = Math.max(habit.candles, candles);
    }
    if (this.#habits.size > 2 * MAX_SERIES) this.#forgetLeast();
  }

  /** What reads the latest candles of the series read most, as many as are read of them. */
  queries(series: number): CandleQuery[] {
    return this.#mostRead(series).map(([text, { candles }]) => ({
      ...parseSeriesKeyText(text),
      limit: Math.min(Math.max(candles, 1), MAX_CANDLES),
    }));
  }

  /** Never rejects. */
  async save(): Promise<void> {
    try {
      if (!this.#isTakenUp) await this.#takeUp();
      const document: JsonValue = Object.fromEntries(
        this.#mostRead(MAX_SAVED).map(([text, { reads, candles }]) => [text, { reads, candles }]),
      );
      await this.#storage.metadata.set(DOCUMENT, document);
    } catch {
      // The next run preloads what the last one wrote down.
      this.#failures += 1;
    }
  }

  async #takeUp(): Promise<void> {
    for (const [text, { reads, candles }] of parseHabits(
      await this.#storage.metadata.get(DOCUMENT),
    )) {
      const lately = this.#habits.get(text) ?? { reads: 0, candles: 0 };
      this.#habits.set(text, {
        reads: reads * DECAY + lately.reads,
        candles: Math.max(candles, lately.candles),
      });
    }
    this.#isTakenUp = true;
  }

  #mostRead(series: number): [text: string, habit: Habit][] {
    return [...this.#habits].sort(([, a], [, b]) => b.reads - a.reads).slice(0, series);
  }

  #forgetLeast(): void {
    const kept = this.#mostRead(MAX_SERIES);
    this.#habits.clear();
    for (const [text, habit] of kept) this.#habits.set(text, habit);
  }
}

/** Leniently: what is not understood is left out. */
function parseHabits(document: JsonValue | undefined): [text: string, habit: Habit][] {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return [];
  const habits: [string, Habit][] = [];
  for (const [text, habit] of Object.entries(document)) {
    if (typeof habit !== 'object' || habit === null || !('reads' in habit && 'candles' in habit)) {
      continue;
    }
    const { reads, candles } = habit;
    if (typeof reads === 'number' && typeof candles === 'number') {
      habits.push([text, { reads, candles }]);
    }
  }
  return habits;
}
