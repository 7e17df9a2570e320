import { BarkeepError, type MonotonicTime } from '@barkeep/core';
import type { CommandGate } from './command-gate.ts';
import type { KeySpace } from './key-space.ts';
import type { RedisCommands } from './redis-commands.ts';
import { redisFailure } from './redis-failure.ts';
import type { ServerTime } from './server-time.ts';
import {
  type AppliedBatch,
  type RedisLives,
  WriteBatch,
  type WriteOperation,
} from './write-batch.ts';
import { WRITE_SCRIPT } from './write-script.ts';

export interface WriteQueueOptions {
  readonly commands: RedisCommands;
  readonly gate: CommandGate;
  readonly keys: KeySpace;
  readonly time: MonotonicTime;
  readonly serverTime: ServerTime;
  /** Names this writer among all who write below the prefix: sixteen hexadecimal digits. */
  readonly writer: string;
  readonly isCluster: boolean;
  readonly maxTradesPerSymbol: number;
  /** As of `AbstractRealtimeOptions`. */
  readonly maxAheadMs: number;
  /** A batch that changed something was answered. */
  readonly onApplied: (sequence: string, version: number) => void;
  /** Values were found that are none of ours. */
  readonly onUnreadable: (values: number) => void;
  /** How long Redis keeps each kind that is written now. */
  readonly lives: () => RedisLives;
}

/** Batches under way at a time; those beyond wait here, and grow meanwhile. */
const MOST_UNDER_WAY = 512;
/** Longer than any client re-sends a command. */
const ANSWER_LIFE_MS = 3_600_000;
const SEQUENCE_LIFE_MS = 7 * 86_400_000;
/** Further than any timestamp. */
const LONGEST_AHEAD_MS = 8_640_000_000_000_000;

/**
 * Sends the writes of one turn of the event loop together, in their order: on a single server all in one
 * script, in a cluster one for each symbol.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  /** In the order in which they were begun. */
  readonly #waiting: WriteBatch[] = [];
  /** The batch of each tag that has room. */
  readonly #open = new Map<string, WriteBatch>();
  readonly #freePlaces = Array.from({ length: MOST_UNDER_WAY }, (_, i) => MOST_UNDER_WAY - 1 - i);
  #isScheduled = false;
  /** The server has forgotten the script: nothing may overtake the batches that are sent again. */
  #isHeld = false;
  #ids = 0;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Whose count of writes those of a symbol belong to. */
  tagOf({ tag }: { readonly tag: string }): string {
    return this.#options.isCluster ? tag : this.#options.keys.commonTag;
  }

  /**
   * Sends it with all that comes in this turn, and not before something else, if that is given.
   * Rejects it with `OVERLOADED` when too many commands are under way.
   */
  add(tag: string, operation: WriteOperation, before?: Promise<void>): void {
    const { gate } = this.#options;
    if (operation.isCounted !== true && !gate.admits()) operation.reject(gate.overloaded());
    else if (before === undefined) this.#put(tag, operation);
    else void before.then(() => this.#put(tag, operation));
  }

  /** Sends what waits, so that reads which follow come after it. */
  flush(): void {
    while (this.#waiting.length > 0 && !this.#isHeld) {
      const place = this.#freePlaces.pop();
      if (place === undefined) return;
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      if (this.#open.get(batch.tag) === batch) this.#open.delete(batch.tag);
      void this.#send(batch, place);
    }
  }

  #put(tag: string, operation: WriteOperation): void {
    const shared = this.tagOf({ tag });
    const batch = this.#open.get(shared) ?? this.#begin(shared);
    batch.add(operation);
    if (batch.isFull) {
      // The server may work on it while more comes together here.
      this.#open.delete(shared);
      this.flush();
    } else this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #begin(tag: string): WriteBatch {
    const batch = new WriteBatch(tag);
    batch.deadline = this.#options.gate.watch((error) => this.#giveUp(batch, error));
    this.#open.set(tag, batch);
    this.#waiting.push(batch);
    return batch;
  }

  /** A batch that was not sent never will be; one that was stays counted until it is settled. */
  #giveUp(batch: WriteBatch, error: BarkeepError): void {
    const index = this.#waiting.indexOf(batch);
    if (index !== -1) {
      this.#waiting.splice(index, 1);
      if (this.#open.get(batch.tag) === batch) this.#open.delete(batch.tag);
      this.#options.gate.release(batch.commands);
    }
    batch.giveUp(error);
  }

  async #send(batch: WriteBatch, place: number): Promise<void> {
    const sentAt = this.#options.time.now();
    const lives = this.#options.lives();
    try {
      const reply = await this.#run(batch, place, lives);
      if (!batch.isGivenUp) this.#deliver(batch, String(reply), sentAt, lives);
    } catch (error) {
      if (!batch.isGivenUp) batch.giveUp(redisFailure(error));
    } finally {
      if (batch.deadline !== undefined) this.#options.gate.met(batch.deadline);
      this.#options.gate.release(batch.commands);
      this.#freePlaces.push(place);
      if (this.#freePlaces.length === MOST_UNDER_WAY) this.#isHeld = false;
      if (this.#waiting.length > 0) this.flush();
    }
  }

  #deliver(
    { tag, operations }: WriteBatch,
    reply: string,
    sentAt: number,
    lives: RedisLives,
  ): void {
    const { onApplied, onUnreadable, keys, serverTime } = this.#options;
    const [version, instant, unreadable, ...rest] = reply.split('|');
    const batch = { version: Number(version), sentAt, lives };
    serverTime.answered(Number(instant), sentAt);
    onUnreadable(Number(unreadable));
    if (batch.version > 0) onApplied(keys.sequence(tag), batch.version);
    const answers = rest.join('|').split(',');
    for (const [i, operation] of operations.entries()) deliver(operation, answers[i], batch);
  }

  #run({ tag, operations }: WriteBatch, place: number, lives: RedisLives): Promise<unknown> {
    const { commands, keys, writer, isCluster, maxTradesPerSymbol, maxAheadMs } = this.#options;
    this.#ids += 1;
    const allKeys = [keys.answers(tag, writer), keys.sequence(tag)];
    const args = [
      `${place}`,
      `${this.#ids}`,
      keys.channel,
      isCluster ? '1' : '0',
      `${ANSWER_LIFE_MS}`,
      `${SEQUENCE_LIFE_MS}`,
      lives.ticker,
      lives.orderBook,
      lives.trades,
      lives.arrivals,
      `${maxTradesPerSymbol}`,
      `${Math.min(maxAheadMs, LONGEST_AHEAD_MS)}`,
      `${writer}-w${this.#ids}`,
      operations.map(({ code }) => code).join(''),
    ];
    for (const operation of operations) {
      for (const key of operation.keys) allKeys.push(key);
      if (operation.value !== undefined) args.push(operation.value);
    }
    return WRITE_SCRIPT.run(commands, allKeys, args, () => {
      // In a cluster one node that is dead would hold up all others.
      this.#isHeld = !isCluster;
    });
  }
}

function deliver(
  { resolve, reject }: WriteOperation,
  answer: string | undefined,
  batch: AppliedBatch,
): void {
  if (answer === undefined) {
    reject(new BarkeepError('INTERNAL', 'Redis answered fewer writes than it was sent'));
  } else if (answer.startsWith('!')) reject(redisFailure(answer.slice(1)));
  else resolve(answer, batch);
}
