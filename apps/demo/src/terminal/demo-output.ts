import { type Terminal, terminalOf } from './terminal-style.ts';

/** Results go to one stream, progress to the other, so that results can be piped. */
export interface DemoOutput {
  readonly results: Terminal;
  readonly progress: Terminal;
}

export function processOutput(): DemoOutput {
  return { results: terminalOf(process.stdout), progress: terminalOf(process.stderr) };
}
