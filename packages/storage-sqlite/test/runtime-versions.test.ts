import { expect, it } from 'vitest';
import { assertCompatible, installedVersions } from '../src/runtime-versions.ts';

it('accepts what is installed', () => {
  const versions = installedVersions();
  expect(versions.node).toBe(process.versions.node);
  expect(versions['better-sqlite3']).toMatch(/^13\./);
  expect(() => assertCompatible(versions)).not.toThrow();
});

it.each([
  ['22.14.0', '13.0.0'],
  ['24.1.0', '13.2.1'],
  ['100.0.0', '14.0.0-beta.1'],
])('accepts Node %s with better-sqlite3 %s', (node, driver) => {
  expect(() => assertCompatible({ node, 'better-sqlite3': driver })).not.toThrow();
});

it.each([
  ['node', '22.13.9', '13.2.0'],
  ['node', '20.19.5', '13.2.0'],
  ['better-sqlite3', '24.0.0', '12.9.1'],
  ['better-sqlite3', '24.0.0', ''],
])('refuses %s: %s, %s', (name, node, driver) => {
  expect(() => assertCompatible({ node, 'better-sqlite3': driver })).toThrow(
    expect.objectContaining({ code: 'INCOMPATIBLE', details: expect.objectContaining({ name }) }),
  );
});
