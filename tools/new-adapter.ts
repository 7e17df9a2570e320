/**
 * Makes the package of a new adapter: `pnpm new-adapter storage acme` writes `packages/storage-acme`, which
 * compiles, and whose conformance suite says what is still to be written.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const KINDS = ['storage', 'cache', 'realtime'] as const;
const USAGE = `usage: npx -y pnpm@12 new-adapter <${KINDS.join('|')}> <name>, such as storage acme`;
/** What every package of a kind has alike. */
const SHARED = ['tsconfig.json', 'tsdown.config.ts', 'test/tsconfig.json', 'test/readme.test.ts'];

const [kind = '', backend = ''] = process.argv.slice(2);
if (!KINDS.some((one) => one === kind) || !/^[a-z][a-z0-9]*$/.test(backend)) fail(USAGE);
const name = `${kind}-${backend}`;
const folder = join(ROOT, 'packages', name);
if (existsSync(folder)) fail(`packages/${name} is there already`);

const sibling = join(ROOT, 'packages', `${kind}-memory`);
for (const file of SHARED) cpSync(join(sibling, file), join(folder, file));
write('tsconfig.json', read('tsconfig.json').replace('neutral', 'node'));
write('tsdown.config.ts', read('tsdown.config.ts').replace('neutral', 'node'));
write('package.json', manifest());
const templates = join(import.meta.dirname, 'new-adapter');
for (const source of ['all', kind]) {
  for (const file of readdirSync(join(templates, source), { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.txt')) copyTemplate(join(templates, source), file);
  }
}
run('npx', ['-y', 'pnpm@12', 'install']);
run('npx', ['-y', 'pnpm@12', 'exec', 'biome', 'check', '--write', `packages/${name}`]);
console.log(`packages/${name} is there. See what is still to be written:

    npx -y pnpm@12 exec vitest run --project ${name}

CONTRIBUTING.md goes on from here: "Adding an adapter, step by step".`);

function manifest(): string {
  const text = readFileSync(join(sibling, 'package.json'), 'utf8');
  const { dependencies: _, devDependencies: __, ...rest } = JSON.parse(text);
  const workspace = (names: readonly string[]) =>
    Object.fromEntries(names.map((one) => [`@barkeep/${one}`, 'workspace:^']));
  const made = {
    ...rest,
    name: `@barkeep/${name}`,
    description: `Barkeep ${kind} in ${pascal(backend)}.`,
    keywords: ['barkeep', 'market-data', 'candles', 'ohlcv', kind, backend],
    repository: { ...rest.repository, directory: `packages/${name}` },
    barkeep: { urls: [`${backend}:./data`] },
    dependencies: workspace(['core', kind]),
    devDependencies: workspace(['conformance']),
  };
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

/** `adapter.ts.txt` becomes `adapter.ts`, with the name of the backend in the place of Acme's. */
function copyTemplate(from: string, file: string): void {
  const named = (text: string): string =>
    text
      .replaceAll('__kind__', kind)
      .replaceAll('__Kind__', pascal(kind))
      .replaceAll('acme', backend)
      .replaceAll('Acme', pascal(backend));
  write(named(file.slice(0, -'.txt'.length)), named(readFileSync(join(from, file), 'utf8')));
}

function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function run(command: string, parameters: readonly string[]): void {
  execFileSync(command, parameters, {
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
