import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';

it('has a README whose example works', async () => {
  expect(await runReadmeExample(resolve(import.meta.dirname, '..'))).not.toBe('');
});
