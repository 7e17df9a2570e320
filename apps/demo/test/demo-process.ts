import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const NODE_OPTIONS = ['--conditions=@barkeep/typescript', '--disable-warning=ExperimentalWarning'];

/** The demo in a process of its own, as its user starts it. */
export class DemoProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #stderr = '';

  /** Its temporary files go to a folder of their own, where nothing is left of other runs. */
  constructor(args: readonly string[], cwd: string, temporary: string) {
    const env = { ...process.env, TMPDIR: temporary };
    this.#child = spawn(process.execPath, [...NODE_OPTIONS, MAIN, ...args], { cwd, env });
    this.#child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
    });
    this.#ended = once(this.#child, 'close').then(([code]) => code);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Its exit code. */
  end(): Promise<number | null> {
    return this.#ended;
  }

  /** The address of its page, as soon as it is printed. */
  async url(): Promise<string> {
    for (;;) {
      const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(this.#stdout) ?? [];
      if (url !== undefined) return url;
      const next = this.#child.stdout === null ? this.#ended : once(this.#child.stdout, 'data');
      const outcome = await Promise.race([next, this.#ended.then(() => 'ended' as const)]);
      if (outcome === 'ended') throw new Error(`the demo ended early:\n${this.#stderr}`);
    }
  }

  /** Ends it as Ctrl-C does, and gives its exit code. */
  interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#ended;
  }
}
