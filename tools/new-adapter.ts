/**
 * Makes the package of a new adapter: `pnpm new-adapter storage acme` writes `packages/storage-acme`, which
 * compiles, and whose conformance suite says what is still to be written.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(import.meta.dirname, '..');
const KINDS = ['storage', 'cache', 'realtime'] as const;
const USAGE = `usage: npx -y pnpm@12 new-adapter <${KINDS.join('|')}> <name>, such as storage acme`;
/** What follows: links, format, and its row in the README. */
const STEPS = ['install', 'exec biome check --write <package>', 'adapter-table'];
/** What every package of a kind has alike. */
const SHARED = ['tsconfig.json', 'tsdown.config.ts', 'test/tsconfig.json', 'test/readme.test.ts'];

/** Writes the files of a package below `packages` of a root, and returns its name. */
export function writeAdapterPackage(root: string, kind: string, backend: string): string {
  if (!KINDS.some((one) => one === kind) || !/^[a-z][a-z0-9]*$/.test(backend)) fail(USAGE);
  const name = `${kind}-${backend}`;
  const folder = join(root, 'packages', name);
  if (existsSync(folder)) fail(`packages/${name} is there already`);
  const sibling = join(root, 'packages', `${kind}-memory`);
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const file of SHARED) {
    write(file, readFileSync(join(sibling, file), 'utf8').replace('neutral', 'node'));
  }
  write(
    'package.json',
    manifest(readFileSync(join(sibling, 'package.json'), 'utf8'), kind, backend),
  );
  const named = (text: string): string =>
    text
      .replaceAll('__kind__', kind)
      .replaceAll('__Kind__', pascal(kind))
      .replaceAll('acme', backend)
      .replaceAll('Acme', pascal(backend));
  for (const source of ['all', kind]) {
    const templates = join(import.meta.dirname, 'new-adapter', source);
    for (const file of readdirSync(templates, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.txt')) continue;
      write(
        named(file.slice(0, -'.txt'.length)),
        named(readFileSync(join(templates, file), 'utf8')),
      );
    }
  }
  return name;
}

function manifest(sibling: string, kind: string, backend: string): string {
  const { dependencies: _, devDependencies: __, ...rest } = JSON.parse(sibling);
  const workspace = (names: readonly string[]) =>
    Object.fromEntries(names.map((one) => [`@barkeep/${one}`, 'workspace:^']));
  const made = {
    ...rest,
    name: `@barkeep/${kind}-${backend}`,
    description: `Barkeep ${kind} in ${pascal(backend)}.`,
    keywords: ['barkeep', 'market-data', 'candles', 'ohlcv', kind, backend],
    repository: { ...rest.repository, directory: `packages/${kind}-${backend}` },
    barkeep: { urls: [`${backend}:./data`] },
    dependencies: workspace(['core', kind]),
    devDependencies: workspace(['conformance']),
  };
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

/** Of pnpm. */
function run(command: string): void {
  execFileSync('npx', ['-y', 'pnpm@12', ...command.split(' ')], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}

function pascal(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [kind = '', backend = ''] = process.argv.slice(2);
  const name = writeAdapterPackage(ROOT, kind, backend);
  for (const step of STEPS) run(step.replace('<package>', `packages/${name}`));
  console.log(`packages/${name} is there. See what is still to be written:

    npx -y pnpm@12 exec vitest run --project ${name}

CONTRIBUTING.md goes on from here: "Adding an adapter, step by step".`);
}
