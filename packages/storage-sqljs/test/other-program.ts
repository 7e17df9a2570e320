import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Order } from './children/use-database.ts';

const SCRIPT = join(import.meta.dirname, 'children', 'use-database.ts');

export interface OtherProgramOptions {
  readonly execArgv?: readonly string[];
}

/** A process of its own that uses database files, until it is killed: see `children/use-database.ts`. */
export class OtherProgram {
  readonly #process: ChildProcess;

  constructor({ execArgv = [] }: OtherProgramOptions = {}) {
    this.#process = fork(SCRIPT, {
      execArgv: ['--conditions=@barkeep/typescript', ...execArgv],
      // Many children load the same modules: compiling them once is enough.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'barkeep-compile-cache') },
    });
  }

  /** What came of it, or the code of the error. */
  async does(order: Order): Promise<unknown> {
    const id = randomUUID();
    this.#process.send({ id, order });
    const ended = new AbortController();
    const fail = (): void => ended.abort(new Error('the other program has ended'));
    this.#process.once('exit', fail);
    try {
      for await (const [answer] of on(this.#process, 'message', { signal: ended.signal })) {
        if (answer.id === id) return answer.error ?? answer.value;
      }
    } finally {
      this.#process.off('exit', fail);
    }
  }

  /** Ends it by `kill -9`, whatever it has open. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}
