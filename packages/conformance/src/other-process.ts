import { BarkeepError, type BarkeepErrorCode } from '@barkeep/core';
import { rejectionOf } from './assertions.ts';
import { type ForkedProcess, fork } from './platform.ts';

/** What a process is told first: whose harness to use, for which data. */
export interface ProcessTask {
  readonly module: string;
  readonly name: string;
  readonly id: string;
  readonly directory: string;
  readonly now: number;
}

/** A call of a method of the subject, by path such as `candles.write`; `listens`: it gets a listener, too. */
export interface ProcessCall {
  readonly call: number;
  readonly path: string;
  readonly parameters: readonly unknown[];
  readonly listens: boolean;
}

export type ProcessMessage =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: ProcessError }
  | { readonly event: unknown };

export interface ProcessError {
  readonly message: string;
  readonly code?: BarkeepErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A subject in a process of its own, which may be killed at any moment. */
export class OtherProcess {
  /** What its listeners have heard, in order. */
  readonly events: unknown[] = [];
  readonly #process: ForkedProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #calls = 0;
  #stderr = '';

  constructor(task: ProcessTask) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#process = fork(new URL(`./run-process.${extension}`, import.meta.url));
    this.#process.on('message', (message) => this.#receive(message as ProcessMessage));
    this.#process.stderr?.on('data', (chunk) => {
      this.#stderr += String(chunk);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => this.#end(error.message, resolve));
      this.#process.on('close', () => this.#end(this.#stderr, resolve));
    });
    this.#process.send(task);
  }

  /** Calls a method of its subject. Series come back as lists of candles. */
  call(path: string, ...parameters: readonly unknown[]): Promise<unknown> {
    return this.#send(path, parameters, false);
  }

  /** Lets it end in the midst of a write, in one of the ways its harness knows. */
  async crashAt(way: string, write: () => Promise<unknown>): Promise<void> {
    await this.#send('crash', [way], false);
    await rejectionOf(write, `a write in whose midst the process ends (${way})`);
    await this.#ended;
  }

  /** Hands a method of its subject a listener after the parameters; `events` has what it hears. */
  async listen(path: string, ...parameters: readonly unknown[]): Promise<void> {
    await this.#send(path, parameters, true);
  }

  /** Ends it where it is, by SIGKILL. Calls without an answer reject. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #send(path: string, parameters: readonly unknown[], listens: boolean): Promise<unknown> {
    this.#calls += 1;
    const call: ProcessCall = { call: this.#calls, path, parameters, listens };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.call, { resolve, reject });
      this.#process.send(call, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  #receive(message: ProcessMessage): void {
    if ('event' in message) {
      this.events.push(message.event);
      return;
    }
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if ('error' in message) waiting?.reject(errorOf(message.error));
    else waiting?.resolve(message.value);
  }

  #end(reason: string, resolve: () => void): void {
    const error = new Error(`the process ended${reason === '' ? '' : `: ${reason}`}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    resolve();
  }
}

function errorOf({ message, code, details = {} }: ProcessError): Error {
  return code === undefined ? new Error(message) : new BarkeepError(code, message, { details });
}
