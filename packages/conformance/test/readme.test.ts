import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readmeExample } from '../../../tools/readme-example.ts';

it('has a README whose example tests an adapter', async () => {
  const { code } = readmeExample(
    await readFile(resolve(import.meta.dirname, '../README.md'), 'utf8'),
  );
  const example = join(import.meta.dirname, `readme-example-${process.pid}.ts`);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  try {
    await writeFile(example, code);
    await import(/* @vite-ignore */ example);
  } finally {
    await rm(example, { force: true });
  }
  expect(log).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(/^\d{3} passed, 0 failed, \d+ skipped$/),
  );
});
