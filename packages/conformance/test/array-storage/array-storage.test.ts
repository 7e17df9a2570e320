/** What it takes to write an adapter: this one is complete, and most of it is what a store must say itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { expect, it } from 'vitest';
import { harnesses } from './harnesses.ts';

for (const harness of harnesses) registerStorageConformance(harness);

it('takes fewer than 150 lines of its own, imports aside', () => {
  const text = readFileSync(join(import.meta.dirname, 'array-storage.ts'), 'utf8');
  const own = text.slice(text.lastIndexOf("from '@barkeep/storage';")).split('\n');
  expect(own.filter((line) => line.trim() !== '').length).toBeLessThan(150);
});
