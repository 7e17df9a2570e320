import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { adapterTable, tableInReadme } from '../tools/adapter-table.ts';
import { runReadmeExample } from '../tools/readme-example.ts';
import { packages } from './house.ts';

const root = resolve(import.meta.dirname, '..');
const readme = resolve(root, 'README.md');

it('the example runs, ends by itself, and prints what the README says', async () => {
  const packageWithEveryAdapter = resolve(root, 'packages/market-data');
  await expect(runReadmeExample(packageWithEveryAdapter, readme)).resolves.toContain('814');
});

it('gives the two commands and leads to every package', async () => {
  const text = await readFile(readme, 'utf8');
  expect(text).toContain('npx -y pnpm@12 demo');
  expect(text).toContain('npx -y pnpm@12 test');
  for (const { path } of packages) expect(text).toContain(`](${path})`);
});

it('shows what the adapters say of themselves: `pnpm adapter-table` writes it', async () => {
  const table = await adapterTable();
  expect(tableInReadme(await readFile(readme, 'utf8'))).toEqual(table);
  const adapters = packages.filter(({ folder }) => /^(storage|cache|realtime)-/.test(folder));
  for (const { folder } of adapters) expect(JSON.stringify(table)).toContain(`[${folder}]`);
});
