import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readmeExample } from '../../../tools/readme-example.ts';

const readme = await readFile(resolve(import.meta.dirname, '../README.md'), 'utf8');

it('has a README whose example tests an adapter', async () => {
  const log = await runExample('adapter', readmeExample(readme).code);
  expect(log).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(/^\d{2,} passed, 0 failed, \d+ skipped$/),
  );
  const harness = await readFile(join(import.meta.dirname, 'my-harness.ts'), 'utf8');
  expect(readme).toContain(`// my-harness.ts\n${harness}`);
}, 120_000);

it('has a README whose example tests a router and a coordinator', async () => {
  const [, code = ''] = /```js\n(import { runCoordinator[\s\S]*?)```/.exec(readme) ?? [];
  const log = await runExample('ports', code);
  expect(log).toHaveBeenCalledExactlyOnceWith(0, 'failed');
});

async function runExample(name: string, code: string) {
  const example = join(import.meta.dirname, `readme-example-${name}-${process.pid}.ts`);
  const log = vi.spyOn(console, 'log').mockReset().mockReturnValue();
  vi.spyOn(console, 'info').mockReset().mockReturnValue();
  try {
    await writeFile(example, code);
    await import(/* @vite-ignore */ example);
  } finally {
    await rm(example, { force: true });
  }
  return log;
}
