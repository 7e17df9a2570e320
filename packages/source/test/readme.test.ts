import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';

it("runs the README's example, and it prints what the README says", async () => {
  const printed = await runReadmeExample(resolve(import.meta.dirname, '..'));
  expect(printed).not.toBe('');
});
