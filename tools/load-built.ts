/**
 * Loads every entry of every built package, as a user's program would, under the Node that runs
 * this: a build that is there but does not load fails here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Manifest {
  readonly publishConfig: {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
}

const packages = resolve(import.meta.dirname, '../packages');

for (const folder of readdirSync(packages)) {
  const manifest = JSON.parse(
    readFileSync(join(packages, folder, 'package.json'), 'utf8'),
  ) as Manifest;
  for (const target of Object.values(manifest.publishConfig.exports)) {
    if (typeof target === 'string') continue;
    for (const [condition, file] of Object.entries(target)) {
      if (condition === 'types') continue;
      await import(pathToFileURL(join(packages, folder, file)).href);
    }
  }
}
