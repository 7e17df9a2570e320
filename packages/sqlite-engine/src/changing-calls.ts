import type { EngineCalls } from './engine-calls.ts';
import type { ThreadCalls } from './thread/thread-protocol.ts';

/** What changes nothing; every other call is one that may. */
const READING: ReadonlySet<string> = new Set<keyof EngineCalls>([
  'read',
  'readMany',
  'readUpTo',
  'readPart',
  'readColumns',
  'snapshots',
  'revisions',
  'list',
  'coverageOf',
  'getMetadata',
  'metadataKeys',
  'size',
  'readChanges',
  'checkIntegrity',
  'archiveFigures',
  'explain',
  'fragmentation',
  'advise',
  'slowQueries',
]);

/** The calls that may change something, each of them run by `change`. */
export function changingCalls(
  calls: EngineCalls,
  change: (work: () => unknown) => unknown,
): ThreadCalls {
  const all: ThreadCalls = calls;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => !READING.has(name))
      .map(([name, call]) => [name, (...parameters: never[]) => change(() => call(...parameters))]),
  );
}
