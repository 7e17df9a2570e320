import { readFileSync } from 'node:fs';
import type { UserConfig } from 'tsdown';

export interface BarkeepPackage {
  /** `neutral` runs in Node and in browsers, `node` in Node only. */
  readonly platform: 'neutral' | 'node';
  /** Source files that are loaded by URL, such as workers, and so stand in no `exports`. */
  readonly workers?: readonly string[];
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly '@barkeep/typescript': Sources }>>;
}

/** One for all platforms, or one for each condition such as `browser`. */
type Sources = string | Readonly<Record<string, string>>;

/**
 * How every package of the house is built: one ESM file with declarations and source maps in
 * `dist` for each entry of `exports`, at the same place that its source has in `src`.
 */
export function barkeepPackage({ platform, workers = [] }: BarkeepPackage): UserConfig {
  return {
    entry: [...exportedSources(), ...workers],
    platform,
    format: 'esm',
    target: 'node22.14',
    fixedExtension: false,
    dts: { sourcemap: true },
    sourcemap: true,
    logLevel: 'warn',
  };
}

function exportedSources(): string[] {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  return Object.values(manifest.exports).flatMap((target) => {
    if (typeof target === 'string') return [];
    const sources = target['@barkeep/typescript'];
    return typeof sources === 'string' ? [sources] : Object.values(sources);
  });
}
