import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';

it('runs the example of the README', async () => {
  const printed = await runReadmeExample(resolve(import.meta.dirname, '..'));
  expect(printed).toMatch(/^4096 candles in \d+ bytes\ntrue\ntrue\n$/);
});
