import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as core from '@barkeep/core';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';

const packageDir = resolve(import.meta.dirname, '..');

it("runs the README's example, and it prints what the README says", async () => {
  const printed = await runReadmeExample(packageDir);
  expect(printed).not.toBe('');
});

it('lists in the README everything that can be imported', () => {
  const readme = readFileSync(resolve(packageDir, 'README.md'), 'utf8');
  const named = new Set([...readme.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(Object.keys(core).filter((name) => !named.has(name))).toEqual([]);
});
