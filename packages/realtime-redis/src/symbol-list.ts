import type { MonotonicTime } from '@barkeep/core';
import type { CommandGate } from './command-gate.ts';
import { LIST_SCRIPT, SAMPLE_SCRIPT } from './list-script.ts';
import type { RedisCommands } from './redis-commands.ts';
import type { SymbolKeys } from './symbol-keys.ts';

export interface SymbolListOptions {
  readonly commands: RedisCommands;
  readonly gate: CommandGate;
  /** The key of the list. */
  readonly key: string;
  readonly time: MonotonicTime;
  /** How long what is written now lives at the longest, in whole milliseconds. */
  readonly longestLifeMs: () => number;
}

/** How many symbols there are, and some or all of them. */
export interface SymbolSample {
  readonly count: number;
  readonly symbols: readonly string[];
}

/** How often a symbol that is written is listed again. */
const LIST_EVERY_MS = 60_000;
const SYMBOLS_A_COMMAND = 1_000;
/** Those beyond are listed when they are written again. */
const MOST_WAITING = 50_000;

/**
 * The symbols below a prefix that have data, in Redis: for statistics, which else would have to look
 * through the keys of everybody. Each is listed by those who write it, and taken off when all of it must have
 * expired. It may lag behind for a moment; nothing else depends on it.
 */
export class SymbolList {
  readonly #options: SymbolListOptions;
  readonly #waiting = new Set<string>();
  #isScheduled = false;
  #flushing: Promise<void> | undefined;

  constructor(options: SymbolListOptions) {
    this.#options = options;
  }

  /** For when a symbol is about to be written. */
  note(keys: SymbolKeys, now: number): void {
    if (keys.listedUntil > now || this.#waiting.size >= MOST_WAITING) return;
    keys.listedUntil = now + LIST_EVERY_MS;
    this.#waiting.add(keys.symbol);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      // What was not listed waits for the next symbol, or for `sample`, which says what is wrong.
      this.flush().catch(() => undefined);
    });
  }

  /** Lists what was noted. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** At most so many symbols, chosen at random where there are more. */
  async sample(most: number): Promise<SymbolSample> {
    await this.flush();
    const { commands, gate, key } = this.#options;
    const reply = await gate.run(() => SAMPLE_SCRIPT.run(commands, [key], [`${most}`]));
    const [count, symbols] = reply as [number, string[]];
    return { count, symbols };
  }

  async #flush(): Promise<void> {
    const { commands, gate, key, longestLifeMs } = this.#options;
    while (this.#waiting.size > 0) {
      const symbols = [...this.#waiting].slice(0, SYMBOLS_A_COMMAND);
      const life = `${longestLifeMs() + 2 * LIST_EVERY_MS}`;
      const args = [life, `${SYMBOLS_A_COMMAND}`, ...symbols];
      await gate.run(() => LIST_SCRIPT.run(commands, [key], args));
      for (const symbol of symbols) this.#waiting.delete(symbol);
    }
  }
}
