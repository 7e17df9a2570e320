import { BarkeepError, type Clock, type EpochMs } from '@barkeep/core';
import type { CommandGate } from './command-gate.ts';
import type { KeySpace } from './key-space.ts';
import type { RedisCommands } from './redis-commands.ts';
import { redisFailure } from './redis-failure.ts';
import { WriteBatch, type WriteOperation } from './write-batch.ts';
import { WRITE_SCRIPT } from './write-script.ts';

export interface WriteQueueOptions {
  readonly commands: RedisCommands;
  readonly gate: CommandGate;
  readonly keys: KeySpace;
  readonly clock: Clock;
  /** Names this writer among all who write below the prefix: sixteen hexadecimal digits. */
  readonly writer: string;
  readonly isCluster: boolean;
  readonly maxTradesPerSymbol: number;
  /** A batch that changed something was answered. */
  readonly onApplied: (sequence: string, version: number) => void;
  /** How long Redis keeps each kind that is written at an instant. */
  readonly livesAt: (now: EpochMs) => RedisLives;
}

/** In whole milliseconds, as text. */
export type RedisLives = Readonly<Record<'ticker' | 'orderBook' | 'trades' | 'arrivals', string>>;

/** Batches under way at a time; those beyond wait here, and grow meanwhile. */
const MOST_UNDER_WAY = 512;
/** Longer than any client re-sends a command. */
const ANSWER_LIFE_MS = 3_600_000;
const SEQUENCE_LIFE_MS = 7 * 86_400_000;

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
    if (!this.#options.gate.admits()) operation.reject(this.#options.gate.overloaded());
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
      this.#options.gate.release(batch.operations.length);
    }
    batch.giveUp(error);
  }

  async #send(batch: WriteBatch, place: number): Promise<void> {
    const { operations } = batch;
    try {
      const reply = await this.#run(batch, place);
      if (!batch.isGivenUp) this.#deliver(batch, String(reply));
    } catch (error) {
      if (!batch.isGivenUp) batch.giveUp(redisFailure(error));
    } finally {
      if (batch.deadline !== undefined) this.#options.gate.met(batch.deadline);
      this.#options.gate.release(operations.length);
      this.#freePlaces.push(place);
      if (this.#freePlaces.length === MOST_UNDER_WAY) this.#isHeld = false;
      if (this.#waiting.length > 0) this.flush();
    }
  }

  #deliver({ tag, operations }: WriteBatch, reply: string): void {
    const end = reply.indexOf('|');
    const version = Number(reply.slice(0, end));
    const answers = reply.slice(end + 1).split(',');
    if (version > 0) this.#options.onApplied(this.#options.keys.sequence(tag), version);
    for (const [i, operation] of operations.entries()) deliver(operation, answers[i], version);
  }

  #run({ tag, operations }: WriteBatch, place: number): Promise<unknown> {
    const { commands, keys, clock, writer, isCluster, livesAt, maxTradesPerSymbol } = this.#options;
    const now = clock.now();
    const lives = livesAt(now);
    this.#ids += 1;
    const allKeys = [keys.answers(tag, writer), keys.sequence(tag)];
    const args = [
      `${place}`,
      `${this.#ids}`,
      keys.channel,
      `${now}`,
      isCluster ? '1' : '0',
      `${ANSWER_LIFE_MS}`,
      `${SEQUENCE_LIFE_MS}`,
      lives.ticker,
      lives.orderBook,
      lives.trades,
      lives.arrivals,
      `${maxTradesPerSymbol}`,
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
  version: number,
): void {
  if (answer === undefined) {
    reject(new BarkeepError('INTERNAL', 'Redis answered fewer writes than it was sent'));
  } else if (answer.startsWith('!')) reject(redisFailure(answer.slice(1)));
  else resolve(answer, version);
}
