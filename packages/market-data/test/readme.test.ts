import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runReadmeExample } from '../../../tools/readme-example.ts';

const root = resolve(import.meta.dirname, '..');

it('the example of the README prints what it says', async () => {
  expect(await runReadmeExample(root)).toContain('0 holes');
});

it('the example of monitoring prints what it says', async () => {
  const readme = resolve(root, 'README.md');
  expect(await runReadmeExample(root, readme, '## Monitoring')).toContain('health: ok');
});
