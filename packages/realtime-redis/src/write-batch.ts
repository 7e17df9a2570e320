import type { BarkeepError } from '@barkeep/core';
import type { Deadline } from './deadlines.ts';

/** What the write script calls its operations. */
export type WriteCode =
  | 't' // set a ticker
  | 'b' // set an order book
  | 'd' // delete either
  | 'e' // delete either if it has expired
  | 'a' // append trades
  | 'x' // delete trades
  | 'w' // delete trades that have expired
  | 'c'; // tell that everything was cleared

/** One write, and who waits for it. */
export interface WriteOperation {
  readonly code: WriteCode;
  readonly keys: readonly string[];
  /** Of those that take something: a value, or trades. */
  readonly value?: string;
  /** Hears the script's answer, and the version when the batch changed anything. */
  readonly resolve: (answer: string, version: number) => void;
  readonly reject: (error: BarkeepError) => void;
}

/** The most one run of the script does: it keeps the server from everything else meanwhile. */
const MOST_OPERATIONS = 256;
const MOST_CHARACTERS = 256 * 1_024;

/** Operations below one tag that travel together. */
export class WriteBatch {
  readonly tag: string;
  readonly operations: WriteOperation[] = [];
  deadline: Deadline | undefined;
  /** Its callers have been told that their time is over. */
  isGivenUp = false;
  #characters = 0;

  constructor(tag: string) {
    this.tag = tag;
  }

  get isFull(): boolean {
    return this.operations.length >= MOST_OPERATIONS || this.#characters >= MOST_CHARACTERS;
  }

  add(operation: WriteOperation): void {
    this.operations.push(operation);
    this.#characters += operation.value?.length ?? 0;
  }

  giveUp(error: BarkeepError): void {
    this.isGivenUp = true;
    for (const { reject } of this.operations) reject(error);
  }
}
