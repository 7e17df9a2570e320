import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IDataCache } from '@barkeep/cache';
import { runCacheConformance } from '@barkeep/conformance/cache';
import type { Clock } from '@barkeep/core';
import { expect, it, vi } from 'vitest';
import { readmeExample } from '../../../../tools/readme-example.ts';

interface Example {
  readonly MapCache: new (options: { readonly clock: Clock }) => IDataCache;
}

it('is passed by the adapter that the README of the contract shows', async () => {
  const readme = join(import.meta.dirname, '../../../cache/README.md');
  const { code } = readmeExample(await readFile(readme, 'utf8'));
  const module = join(import.meta.dirname, `readme-example-${process.pid}.ts`);
  vi.spyOn(console, 'log').mockReturnValue();
  try {
    await writeFile(module, code.replace('class MapCache', 'export class MapCache'));
    const { MapCache }: Example = await import(/* @vite-ignore */ module);
    const report = await runCacheConformance({
      name: 'map-cache',
      create: ({ clock }) => new MapCache({ clock }),
    });
    expect(report.failed).toEqual([]);
    expect(report.passed.length).toBeGreaterThan(12);
  } finally {
    await rm(module, { force: true });
  }
}, 60_000);
