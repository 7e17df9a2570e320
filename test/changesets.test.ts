import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { packages, readText } from './house.ts';

// Formatting takes their head for a heading, so they are left out of it, and checked here.
const folder = resolve(import.meta.dirname, '../.changeset');
const changesets = readdirSync(folder).filter(
  (name) => name.endsWith('.md') && name !== 'README.md',
);

it.each(changesets)('%s names packages of the house, and says what changed', (name) => {
  const text = readText(`.changeset/${name}`);
  const [, head = ''] = /^---\n((?:"[^"\n]+": (?:patch|minor|major)\n)+)---\n\n\S/.exec(text) ?? [];
  const named = [...head.matchAll(/^"([^"]+)"/gm)].map(([, one]) => one);
  expect(named).not.toEqual([]);
  expect(packages.map(({ manifest }) => manifest.name)).toEqual(expect.arrayContaining(named));
});
