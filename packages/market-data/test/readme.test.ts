import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';

it('the example of the README prints what it says', async () => {
  expect(await runReadmeExample(resolve(import.meta.dirname, '..'))).toContain('0 holes');
});
