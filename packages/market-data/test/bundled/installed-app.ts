import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

const PACKAGES = resolve(import.meta.dirname, '../../..');
const TSDOWN = fileURLToPath(import.meta.resolve('tsdown/run'));
const OURS = '@barkeep/';
const PAGE = '<!doctype html><script type="module" src="./app.js"></script>';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig: { readonly exports: unknown };
}

/**
 * The app in a folder far from this workspace, with these packages and what they depend on in its
 * `node_modules`, as a registry would deliver them, and with nothing else.
 */
export class InstalledApp {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

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
      await app.#install(packages);
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  async #install(packages: readonly string[]): Promise<void> {
    const all = new Map<string, Manifest>();
    const foreign = new Map<string, string>();
    const collect = async (name: string): Promise<void> => {
      if (all.has(name)) return;
      const manifest = await manifestOf(name);
      all.set(name, manifest);
      for (const dependency of Object.keys(manifest.dependencies ?? {})) {
        if (dependency.startsWith(OURS)) await collect(dependency);
        else foreign.set(dependency, join(folderOf(name), 'node_modules', dependency));
      }
    };
    for (const name of packages) await collect(name);
    await Promise.all([
      ...Array.from(all, ([name, manifest]) => this.#publish(name, manifest)),
      ...Array.from(foreign, ([name, from]) =>
        cp(from, this.#place(name), { recursive: true, dereference: true }),
      ),
    ]);
  }

  async #publish(name: string, { publishConfig, ...manifest }: Manifest): Promise<void> {
    const place = this.#place(name);
    await mkdir(place, { recursive: true });
    const published = { ...manifest, exports: publishConfig.exports };
    await writeFile(join(place, 'package.json'), JSON.stringify(published));
    const options = ['--no-dts', '--no-sourcemap', '--out-dir', join(place, 'dist')];
    await promisify(execFile)(process.execPath, [TSDOWN, ...options], { cwd: folderOf(name) });
  }

  #place(name: string): string {
    return join(this.folder, 'node_modules', name);
  }
}

function folderOf(name: string): string {
  return join(PACKAGES, name.slice(OURS.length));
}

async function manifestOf(name: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folderOf(name), 'package.json'), 'utf8'));
}
