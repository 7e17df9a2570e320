import { parseDemoOptions, USAGE, UsageError } from './demo-options.ts';
import { explainError } from './explain-error.ts';
import { runImport } from './run-import.ts';
import { runSimulation } from './run-simulation.ts';
import { processOutput } from './terminal/demo-output.ts';

/** Exit codes: 0 done, 1 something failed, 2 the command line is wrong. */
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<0 | 1 | 2> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(name));
  }
  try {
    const options = parseDemoOptions(args);
    if (options === undefined) process.stdout.write(USAGE);
    else if (options.input === undefined) {
      await runSimulation(options, processOutput(), interrupted.signal);
    } else await runImport(options, options.input, processOutput(), interrupted.signal);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 0;
    const text = error instanceof UsageError ? error.message : explainError(error);
    process.stderr.write(`${text}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
