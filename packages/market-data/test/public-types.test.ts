/** Whoever uses the service needs no other package to name what goes in and out of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const source = resolve(import.meta.dirname, '../src');
const SIGNATURES = [
  'config/market-data-config.ts',
  'adapters/with-given-adapters.ts',
  'adapters/open-adapter.ts',
  ...readdirSync(join(source, 'contract')).map((name) => `contract/${name}`),
];
const IMPORT = /import type \{([^}]*)\} from '@barkeep|import \{([^}]*)\} from '@barkeep/g;
const NAME = /^(?:type )?([A-Z]\w*)$/;

function textOf(file: string): string {
  return readFileSync(join(source, file), 'utf8');
}

it('are all exported', () => {
  const exported = textOf('index.ts') + textOf('public-types.ts');
  const used = SIGNATURES.flatMap((file) =>
    Array.from(textOf(file).matchAll(IMPORT), ([, types, both]) => types ?? both ?? '')
      .flatMap((list) => list.split(','))
      .flatMap((name) => NAME.exec(name.trim())?.[1] ?? []),
  );
  expect(used.length).toBeGreaterThan(50);
  // All of `source` is.
  const ofSource = ['IMarketDataCoordinator', 'ISmartRouter', 'RouterConnection'];
  const missing = used.filter((name) => !new RegExp(`\\b${name}\\b`).test(exported));
  expect(missing.filter((name) => !ofSource.includes(name))).toEqual([]);
});
