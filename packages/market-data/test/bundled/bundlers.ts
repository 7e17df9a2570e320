/** How people bundle an app for browsers: with the bundlers' defaults, as far as those will do. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { createServer, build as viteBuild } from 'vite';
import webpack, { type Configuration } from 'webpack';
import type { ServedFolder } from './serve-folder.ts';

/** Builds the app of a folder into another one, which then has an `index.html`. */
export type Bundle = (app: string, out: string) => Promise<void>;

const ESBUILD = { bundle: true, logLevel: 'silent' } as const;

export const BUNDLERS: Readonly<Record<string, Bundle>> = {
  esbuild,
  'esbuild, in one file': async (app, out) => {
    await build({ ...ESBUILD, ...entryOf(app), outdir: out });
    await copyPage(app, out);
  },
  Vite: (app, out) => bundleWithVite(app, out, 'production'),
  'Vite, for development': (app, out) => bundleWithVite(app, out, 'development'),
  webpack: async (app, out) => {
    await bundleWithWebpack(app, out, 'production');
    await copyPage(app, out);
  },
  'webpack, for development': async (app, out) => {
    await bundleWithWebpack(app, out, 'development');
    await copyPage(app, out);
  },
};

export async function esbuild(app: string, out: string): Promise<void> {
  await build({ ...ESBUILD, ...entryOf(app), outdir: out, format: 'esm' });
  await copyPage(app, out);
}

/** The app as Vite's development server gives it, with what the README of storage-sqljs says of it. */
export async function serveWithVite(app: string): Promise<ServedFolder> {
  const server = await createServer({
    configFile: false,
    root: app,
    logLevel: 'error',
    server: { host: 'localhost', port: 0, hmr: false, ws: false },
    optimizeDeps: {
      exclude: ['@barkeep/storage-sqljs'],
      include: ['@barkeep/storage-sqljs > sql.js'],
    },
  });
  await server.listen();
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('Vite does not say where it listens');
  return { url, close: () => server.close() };
}

/**
 * What esbuild does not find by itself: the worker of `@barkeep/storage-sqljs`, and SQLite's WebAssembly.
 */
export async function addWorker(app: string, out: string): Promise<void> {
  const wasm = 'sql-wasm-browser.wasm';
  await build({
    ...ESBUILD,
    absWorkingDir: app,
    entryPoints: [{ in: '@barkeep/storage-sqljs/web-worker', out: 'web-worker' }],
    outdir: out,
    format: 'esm',
  });
  await copyFile(join(app, 'node_modules/sql.js/dist', wasm), join(out, wasm));
}

/** What cannot go into a bundle: it has worker threads and a native addon. */
const EXTERNAL = '@barkeep/storage-sqlite';

/** Builds a service for Node into the folder of its app, and returns the path of its module. */
export const NODE_BUNDLERS: Readonly<Record<string, (app: string) => Promise<string>>> = {
  'not bundled': async (app) => join(app, 'app.js'),
  esbuild: (app) => bundleForNode(app, join(app, 'esbuild'), [EXTERNAL]),
  "Vite's build for servers": async (app) => {
    await viteBuild({
      configFile: false,
      root: app,
      logLevel: 'error',
      build: { ssr: 'app.js', outDir: 'vite' },
    });
    return join(app, 'vite/app.js');
  },
  "Vite's build for servers, all in one": async (app) => {
    await viteBuild({
      configFile: false,
      root: app,
      logLevel: 'error',
      ssr: { noExternal: true, external: [EXTERNAL] },
      build: { ssr: 'app.js', outDir: 'vite-in-one' },
    });
    return join(app, 'vite-in-one/app.js');
  },
  webpack: async (app) => {
    const out = join(app, 'webpack');
    await runWebpack({
      ...webpackOptions(app, out, 'production'),
      target: 'node22',
      output: { path: out, filename: 'app.cjs' },
      externals: { [EXTERNAL]: `import ${EXTERNAL}` },
    });
    return join(out, 'app.cjs');
  },
};

/** @returns The path of a module for Node. */
export async function bundleForNode(
  app: string,
  out: string,
  external: readonly string[] = [],
): Promise<string> {
  const outfile = join(out, 'app.mjs');
  const options = { ...ESBUILD, ...entryOf(app), external: [...external] };
  await build({ ...options, outfile, format: 'esm', platform: 'node' });
  return outfile;
}

function entryOf(app: string) {
  return { absWorkingDir: app, entryPoints: ['app.js'] };
}

function copyPage(app: string, out: string): Promise<void> {
  return copyFile(join(app, 'index.html'), join(out, 'index.html'));
}

async function bundleWithVite(app: string, out: string, mode: string): Promise<void> {
  await viteBuild({
    configFile: false,
    root: app,
    mode,
    logLevel: 'error',
    build: { outDir: out, emptyOutDir: true },
  });
}

function bundleWithWebpack(app: string, out: string, mode: WebpackMode): Promise<void> {
  return runWebpack(webpackOptions(app, out, mode));
}

type WebpackMode = 'production' | 'development';

function webpackOptions(app: string, out: string, mode: WebpackMode): Configuration {
  return {
    context: app,
    entry: './app.js',
    mode,
    output: { path: out, filename: 'app.js', publicPath: 'auto' },
    devtool: false,
    // It takes seconds, and changes nothing of what is found.
    optimization: { minimize: false },
  };
}

function runWebpack(options: Configuration): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error !== null) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
}
