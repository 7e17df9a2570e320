import { type ChildProcessWithoutNullStreams, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A Node process that runs one of the scripts in `test/children`, seen line by line. */
export class ChildProcess {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  #errors = '';

  constructor(script: string, parameters: readonly string[], options: SpawnOptions = {}) {
    this.#process = spawn(
      process.execPath,
      [
        '--conditions=@barkeep/typescript',
        join(import.meta.dirname, 'children', script),
        ...parameters,
      ],
      {
        ...options,
        // Many children load the same modules: compiling them once is enough.
        env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'barkeep-compile-cache') },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    ) as ChildProcessWithoutNullStreams;
    this.#exit = once(this.#process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#process.stderr.on('data', (text) => {
      this.#errors += text;
    });
    this.#process.stdin.on('error', () => undefined);
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    onTestFinished(() => void this.#process.kill('SIGKILL'));
  }

  /** The next line it prints; fails when it ends without one. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the child process ended: ${this.#errors}`);
    return value;
  }

  /** The lines up to its end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let next = await this.#lines.next(); !next.done; next = await this.#lines.next()) {
      lines.push(next.value);
    }
    return lines;
  }

  send(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
  }

  /** Its exit code, once it ends by itself. */
  async exitCode(): Promise<number | null> {
    this.#process.stdin.end();
    const [code] = await this.#exit;
    if (code !== 0) throw new Error(`the child process failed (${code}): ${this.#errors}`);
    return code;
  }
}
