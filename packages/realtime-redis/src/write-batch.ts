import type { BarkeepError } from '@barkeep/core';
import type { Deadline } from './deadlines.ts';

/** What the write script calls its operations. */
export type WriteCode =
  | 't' // set a ticker
  | 'b' // set an order book
  | 'd' // delete either
  | 'a' // append trades
  | 'x' // delete trades
  | 'w' // delete trades that have expired
  | 'l' // list a symbol
  | 'c'; // tell that everything was cleared

/** What is known of a batch when it was answered. */
export interface AppliedBatch {
  /** The number of the batch; 0 when it changed nothing. */
  readonly version: number;
  /** When it was sent, in the time of the cache: what it wrote lives from then on, or a little later. */
  readonly sentAt: number;
  readonly lives: RedisLives;
}

/** How long Redis keeps each kind, in whole milliseconds, as text. */
export type RedisLives = Readonly<Record<'ticker' | 'orderBook' | 'trades' | 'arrivals', string>>;

/** One write, and who waits for it. */
export interface WriteOperation {
  readonly code: WriteCode;
  readonly keys: readonly string[];
  /** Of those that take something: a value, or trades. */
  readonly value?: string;
  /** How many trades it takes. */
  readonly trades?: number;
  /** It is part of a call that was counted with its first part. */
  readonly isCounted?: boolean;
  readonly resolve: (answer: string, batch: AppliedBatch) => void;
  readonly reject: (error: BarkeepError) => void;
}

/** The most one run of the script does: it keeps the server from everything else meanwhile. */
const MOST_OPERATIONS = 256;
const MOST_CHARACTERS = 256 * 1_024;
const MOST_TRADES = 1_024;

/** Operations below one tag that travel together. */
export class WriteBatch {
  readonly tag: string;
  readonly operations: WriteOperation[] = [];
  deadline: Deadline | undefined;
  /** Its callers have been told that their time is over. */
  isGivenUp = false;
  /** Commands that it counts for at the gate. */
  commands = 0;
  #characters = 0;
  #trades = 0;

  constructor(tag: string) {
    this.tag = tag;
  }

  get isFull(): boolean {
    return (
      this.operations.length >= MOST_OPERATIONS ||
      this.#characters >= MOST_CHARACTERS ||
      this.#trades >= MOST_TRADES
    );
  }

  add(operation: WriteOperation): void {
    this.operations.push(operation);
    this.#characters += operation.value?.length ?? 0;
    this.#trades += operation.trades ?? 0;
    if (operation.isCounted !== true) this.commands += 1;
  }

  giveUp(error: BarkeepError): void {
    this.isGivenUp = true;
    for (const { reject } of this.operations) reject(error);
  }
}
