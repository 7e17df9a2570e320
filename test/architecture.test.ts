/**
 * The rules of the house, checked over every package and app on disk:
 *
 *     core ← contracts, segment-codec ← candle-archive ← sqlite-engine ← adapters
 *     core ← contracts ← market-data ← apps
 *     core ← contracts, sqlite-engine ← conformance
 *
 * A new package gets its place from its name (`<contract>-<backend>` is an adapter); one with any
 * other name is given its place in `placed` below.
 */
import { basename, dirname, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  apps,
  type Conditions,
  catalog,
  type Exports,
  filesBelow,
  type Import,
  importsOf,
  isNodeBuiltin,
  isRelative,
  type Member,
  packageImports,
  packageOf,
  packages,
  readText,
  rootManifest,
} from './house.ts';

const contracts = ['storage', 'cache', 'realtime', 'source'];

/** What a package that is neither a contract nor an adapter may import of the house. */
const placed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'segment-codec': ['core'],
  'candle-archive': ['core', 'storage', 'segment-codec'],
  'sqlite-engine': ['core', 'storage', 'segment-codec', 'candle-archive'],
  'value-codec': ['core', 'cache', 'segment-codec'],
  conformance: ['core', ...contracts, 'sqlite-engine'],
  'market-data': ['core', ...contracts],
};

/** Engines hold what several adapters of one kind have in common. */
const engines = ['sqlite-engine', 'candle-archive', 'segment-codec', 'value-codec'];

/** Their folders still import each other, or files beside them, both ways. */
const unlayered = ['conformance', 'segment-codec', 'sqlite-engine', 'storage-sqljs', 'bench'];

const sourceCondition = '@barkeep/typescript';
const scope = '@barkeep/';
const members = [...packages, ...apps];

describe('imports point one way', () => {
  it.each(packages)('$folder has a place in the house', ({ folder }) => {
    expect(allowedImports(folder)).toBeDefined();
  });

  it.each(packages)('$folder imports only what lies below it', ({ folder, imports }) => {
    const allowed = allowedImports(folder) ?? [];
    const upward = houseImports(imports).filter((one) => {
      if (folder === 'market-data' && one.dynamic) return false;
      return !allowed.includes(packageOf(one.specifier).slice(scope.length));
    });
    expect(upward).toEqual([]);
  });

  it.each(packages.filter(({ nodeOnly }) => !nodeOnly))('$folder runs without Node', (member) => {
    expect(member.imports.filter(isNodeBuiltin)).toEqual([]);
    expect(readText(`${member.path}/tsdown.config.ts`)).toContain("platform: 'neutral'");
  });

  it.each(members)('$path does not reach into the folder of another', ({ path, imports }) => {
    const outside = imports.filter((one) => {
      return (
        isRelative(one) &&
        !new URL(one.specifier, `file:///${one.file}`).pathname.startsWith(`/${path}/src/`)
      );
    });
    expect(outside).toEqual([]);
  });

  it.each(members.filter(({ folder }) => !unlayered.includes(folder)))(
    'the folders of $path are layers, too',
    ({ path, imports }) => {
      expect(circle(folderImports(path, imports))).toEqual([]);
    },
  );

  it('core depends on nothing', () => {
    const core = packages.find(({ folder }) => folder === 'core');
    expect(core?.manifest.dependencies).toBeUndefined();
    expect(core?.manifest.peerDependencies).toBeUndefined();
  });

  it('has no circle, not even through tests', () => {
    expect(circle(declaredPackages(members))).toEqual([]);
  });
});

describe('dependencies', () => {
  it.each(members)('$path declares what its source imports', ({ manifest, imports }) => {
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    expect(undeclared(imports, [...Object.keys(declared), manifest.name])).toEqual([]);
  });

  it.each(members)('$path declares what its tests import', ({ manifest, testImports }) => {
    const declared = {
      ...rootManifest.devDependencies,
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.peerDependencies,
    };
    expect(undeclared(testImports, [...Object.keys(declared), manifest.name])).toEqual([]);
  });

  it.each(members)('$path uses the dependencies that it declares', ({ manifest, imports }) => {
    const used = new Set(packageImports(imports).map(({ specifier }) => packageOf(specifier)));
    expect(Object.keys(manifest.dependencies ?? {}).filter((name) => !used.has(name))).toEqual([]);
  });

  it.each([...members.map(({ manifest }) => manifest), rootManifest])(
    '$name takes every version from the catalog or the workspace',
    ({ dependencies, devDependencies }) => {
      const strays = Object.entries({ ...dependencies, ...devDependencies }).filter(
        ([name, range]) => range !== (name.startsWith(scope) ? 'workspace:^' : 'catalog:'),
      );
      expect(strays).toEqual([]);
    },
  );

  it('every version of the catalog is in use', () => {
    const used = new Set(
      [...members.map(({ manifest }) => manifest), rootManifest].flatMap((manifest) =>
        Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
      ),
    );
    expect([...catalog.keys()].filter((name) => !used.has(name))).toEqual([]);
    expect(catalog.size).toBeGreaterThan(0);
  });

  it('the lockfile names no host', () => {
    expect(readText('pnpm-lock.yaml')).not.toMatch(/https?:\/\/|tarball:/);
  });
});

describe('packages', () => {
  it.each(packages)(
    '$folder says which of its files are run for their effects',
    ({ folder, manifest }) => {
      const workers = ['./dist/web-worker.js', './src/web-worker.ts'];
      expect(manifest.sideEffects).toEqual(folder === 'storage-sqljs' ? workers : false);
    },
  );

  it.each(packages)('$folder is described for npm', ({ folder, path, manifest }) => {
    expect(manifest).toMatchObject({
      name: `${scope}${folder}`,
      version: packages[0]?.manifest.version,
      license: 'MIT',
      type: 'module',
      engines: { node: '>=22.14' },
      repository: { directory: path },
      publishConfig: { access: 'public' },
      scripts: {
        build: 'tsdown',
        'check:package': 'node ../../tools/check-package.ts',
        typecheck: 'tsc -p . && tsc -p test',
      },
    });
    expect(manifest.private).toBeUndefined();
    expect(manifest.files).toContain('dist');
    expect(manifest.description).toMatch(/^\S.*\.$/);
    expect(manifest.keywords).toContain('market-data');
  });

  it.each(packages)('$folder has a README under its name', ({ path, manifest }) => {
    expect(readText(`${path}/README.md`)).toMatch(new RegExp(`^# ${manifest.name}\\n\\n\\S`));
  });

  it.each(packages)('$folder publishes its exports without their sources', ({ manifest }) => {
    expect(manifest.publishConfig?.exports).toEqual(withoutSources(manifest.exports ?? {}));
  });

  it.each(packages)('$folder exports a built file for each source', ({ manifest }) => {
    for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
      if (subpath === './package.json') continue;
      expect(target).toBeTypeOf('object');
      const sources = (target as Conditions)[sourceCondition] ?? '';
      const each = typeof sources === 'string' ? { default: sources } : sources;
      // The order counts: a resolver takes the first condition that it knows.
      expect(Object.entries(target)).toEqual([
        [sourceCondition, sources],
        ['types', builtOf(each['default'], '.d.ts')],
        ...Object.entries(each).map(([condition, source]) => [condition, builtOf(source, '.js')]),
      ]);
      expect(Object.keys(each).at(-1)).toBe('default');
    }
  });

  it.each(packages)('$folder needs only peers that are optional', ({ manifest }) => {
    const required = Object.keys(manifest.peerDependencies ?? {}).filter(
      (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true,
    );
    expect(required).toEqual([]);
  });

  it.each(apps)('$folder is private', ({ folder, manifest }) => {
    expect(manifest).toMatchObject({ name: `${scope}${folder}`, private: true, type: 'module' });
  });

  it('no file is named after nothing', () => {
    const vague = /^(utils?|helpers?|common|misc)$/;
    const files = members.flatMap(({ path }) => filesBelow(`${path}/src`));
    const named = files.filter((file) => {
      return file.split('/').some((part) => vague.test(basename(part, '.ts')));
    });
    expect(named).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it('finds every way to import, and tells a dynamic one', () => {
    const text = `
      import a from 'a';
      import type { B } from '@b/b';
      import './c.ts';
      export * from 'd';
      export type { E } from 'e/sub';
      type F = import('f').F;
      const g = await import('g');
      const not = "import x from 'x'"; // import y from 'y'
    `;
    expect(importsOf('x.ts', text).map(({ specifier, dynamic }) => [specifier, dynamic])).toEqual([
      ['a', false],
      ['@b/b', false],
      ['./c.ts', false],
      ['d', false],
      ['e/sub', false],
      ['f', false],
      ['g', true],
    ]);
  });
});

/** What a package may import of the house, or `undefined` if nobody gave it a place. */
function allowedImports(folder: string): readonly string[] | undefined {
  if (contracts.includes(folder)) return ['core'];
  const contract = contracts.find((name) => folder.startsWith(`${name}-`));
  if (contract !== undefined) return ['core', contract, ...engines];
  return placed[folder];
}

function houseImports(imports: readonly Import[]): Import[] {
  return imports.filter(({ specifier }) => specifier.startsWith(scope));
}

function undeclared(imports: readonly Import[], declared: readonly string[]): Import[] {
  return packageImports(imports).filter(
    ({ specifier }) => !declared.includes(packageOf(specifier)),
  );
}

/** What is built of a source: `./dist/….js` of `./src/….ts`. */
function builtOf(source: string | undefined, extension: string): string | undefined {
  return source?.replace('./src/', './dist/').replace(/\.ts$/, extension);
}

function withoutSources(exports: Exports): Exports {
  return JSON.parse(
    JSON.stringify(exports, (key, value) => (key === sourceCondition ? undefined : value)),
  ) as Exports;
}

/** Which folders of a source each of them imports; its own files stand for `.`. */
function folderImports(
  path: string,
  imports: readonly Import[],
): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, Set<string>>();
  for (const one of imports.filter(isRelative)) {
    const target = new URL(one.specifier, `file:///${one.file}`).pathname.slice(1);
    const [from, to] = [one.file, target].map((file) => dirname(relative(`${path}/src`, file)));
    if (from === undefined || to === undefined || from === to) continue;
    folders.set(from, (folders.get(from) ?? new Set()).add(to));
  }
  return new Map(Array.from(folders, ([from, to]) => [from, [...to]]));
}

/** What each member declares, for its tests too. */
function declaredPackages(all: readonly Member[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    all.map(({ manifest }) => [
      manifest.name,
      Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
    ]),
  );
}

/** The names along one circle, or nothing. */
function circle(below: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return [];
    for (const next of below.get(name) ?? []) {
      const found = walk(next, [...path, name]);
      if (found.length > 0) return found;
    }
    done.add(name);
    return [];
  };
  for (const name of below.keys()) {
    const found = walk(name, []);
    if (found.length > 0) return found;
  }
  return [];
}
