import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BarkeepError } from '@barkeep/core';
import { type BenchOptions, HELP, parseOptions } from './options.ts';
import { progressOn } from './progress.ts';
import { renderReport } from './report/render-report.ts';
import { runBench } from './run-bench.ts';
import { WrongAnswerError } from './wrong-answer-error.ts';

const RESULTS = 'bench-results';
/** What the codes of errors of `util.parseArgs` begin with. */
const PARSE_ARGS = 'ERR_PARSE_ARGS';

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const report = await runBench(options, progressOn(process.stderr));
  const path = reportPath(options, report.date);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(`${renderReport(report)}\n\nwritten to ${path}\n`);
}

function reportPath({ json }: BenchOptions, date: string): string {
  return json ?? join(RESULTS, `${date.replaceAll(':', '-')}.json`);
}

/** A mistake of the user, or of a contender: the message says it all. */
function isExpected(error: unknown): error is Error {
  if (error instanceof WrongAnswerError) return true;
  if (BarkeepError.is(error, 'INVALID_INPUT') || BarkeepError.is(error, 'IO')) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith(PARSE_ARGS);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isExpected(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
