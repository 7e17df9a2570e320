import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The versions of Node.js and of npm packages, as installed. */
export function libraryVersions(names: Iterable<string>): Record<string, string> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of new Set(names)) versions[name] = versionOf(name);
  return versions;
}

function versionOf(name: string): string {
  const path = findPackageJSON(name, import.meta.url);
  if (path === undefined) throw new Error(`${name} is not installed`);
  const manifest: { readonly version: string } = JSON.parse(readFileSync(path, 'utf8'));
  return manifest.version;
}
