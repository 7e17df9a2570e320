import { createRequire } from 'node:module';
import { BarkeepError } from '@barkeep/core';

/** Versions as texts such as `24.21.0`. */
export interface RuntimeVersions {
  readonly node: string;
  readonly 'better-sqlite3': string;
}

/** Older ones crash the process when better-sqlite3 loads, or carry an SQLite that loses commits. */
const OLDEST: RuntimeVersions = { node: '22.14.0', 'better-sqlite3': '13.0.0' };

/** The versions at hand, found without loading native code. */
export function installedVersions(): RuntimeVersions {
  const manifest: unknown = createRequire(import.meta.url)('better-sqlite3/package.json');
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return { node: process.versions.node, 'better-sqlite3': known ? String(manifest.version) : '' };
}

/** @throws BarkeepError `INCOMPATIBLE` naming the version that is too old. */
export function assertCompatible(versions: RuntimeVersions): void {
  for (const name of ['node', 'better-sqlite3'] as const) {
    if (isAtLeast(versions[name], OLDEST[name])) continue;
    throw new BarkeepError(
      'INCOMPATIBLE',
      `${name} ${versions[name]} is too old: storage-sqlite needs ${OLDEST[name]} or later`,
      { details: { name, version: versions[name], needed: OLDEST[name] } },
    );
  }
}

function isAtLeast(version: string, oldest: string): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [i, needed] of oldest.split('.').map(Number).entries()) {
    const part = parts[i] ?? Number.NaN;
    if (part !== needed) return part > needed;
  }
  return true;
}
