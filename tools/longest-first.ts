import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Parts of the paths of test files that take long, the longest first. */
const LONG = [
  'conformance.test',
  'browser/',
  'planted',
  'bundled',
  'demo-process',
  'kill',
  'page/',
];

/**
 * Starts the files that take long before the others, so that no core waits for one of them at the end.
 * Vitest itself goes by size, and a file that registers a whole suite is a small one.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONG.findIndex((part) => moduleId.includes(part));
  return rank === -1 ? LONG.length : rank;
}
