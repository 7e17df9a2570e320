import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../../../..');
const OURS = '@barkeep/';
const PAGE = '<!doctype html><script type="module" src="./app.js"></script>';
const run = promisify(execFile);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

let packing: Promise<unknown> | undefined;

/**
 * The app in a folder far from this workspace, with these packages and what they depend on in its
 * `node_modules`, ours from the tarballs that would be published, and with nothing else.
 */
export class InstalledApp {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param packages Without their scope. */
  static async make(packages: readonly string[]): Promise<InstalledApp> {
    // Bundlers go by real paths.
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'barkeep-bundled-')));
    const app = new InstalledApp(folder);
    try {
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await writeFile(join(folder, 'index.html'), PAGE);
      const source = await readFile(join(import.meta.dirname, 'app.ts'), 'utf8');
      const { code } = await transform(source, { loader: 'ts', target: 'es2022' });
      await writeFile(join(folder, 'app.js'), code);
      // Does nothing where they are packed already, as they are when all tests run.
      packing ??= run('npx', ['-y', 'pnpm@12', 'check:package'], { cwd: ROOT });
      await packing;
      for (const name of packages) await app.#install(OURS + name);
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  /** A package of ours, and all that it depends on. */
  async #install(name: string): Promise<void> {
    const place = this.#place(name);
    const source = join(ROOT, 'packages', name.slice(OURS.length));
    if (!(await this.#reserve(place))) return;
    const [tarball = 'no tarball'] = await readdir(join(source, '.pack'));
    await run('tar', ['-xzf', join(source, '.pack', tarball), '--strip-components=1'], {
      cwd: place,
    });
    for (const dependency of await dependenciesOf(place)) {
      if (dependency.startsWith(OURS)) await this.#install(dependency);
      else await this.#copy(dependency, source);
    }
  }

  /** A package of others as this workspace has it, and all that it depends on. */
  async #copy(name: string, importer: string): Promise<void> {
    const place = this.#place(name);
    const source = await realpath(await installedBeside(name, importer));
    if (!(await this.#reserve(place))) return;
    await cp(source, place, { recursive: true, dereference: true });
    for (const dependency of await dependenciesOf(place)) await this.#copy(dependency, source);
  }

  /** Returns whether the place was free. */
  async #reserve(place: string): Promise<boolean> {
    return (await mkdir(place, { recursive: true })) !== undefined;
  }

  #place(name: string): string {
    return join(this.folder, 'node_modules', name);
  }
}

async function dependenciesOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { dependencies = {} }: Manifest = JSON.parse(text);
  return Object.keys(dependencies);
}

/** Where Node would find a package from a folder on. */
async function installedBeside(name: string, folder: string): Promise<string> {
  const place = join(folder, 'node_modules', name);
  const isThere = await readdir(place).then(
    () => true,
    () => false,
  );
  if (isThere) return place;
  if (dirname(folder) === folder) throw new Error(`${name} is not installed`);
  return installedBeside(name, dirname(folder));
}
