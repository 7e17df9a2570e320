import { readdir, readFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';

/** A file as it goes to the browser. */
export interface PageFile {
  readonly contentType: string;
  readonly body: string;
}

const PAGE_FOLDER = join(import.meta.dirname, '../page');
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
};

/**
 * Every file of the page by its URL path, and nothing else of the disk. TypeScript goes without its
 * types; the chart library comes out of node_modules, so the page works without a network.
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const name of await readdir(PAGE_FOLDER)) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const text = await readFile(join(PAGE_FOLDER, name), 'utf8');
    const body = name.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
    files.set(name === 'index.html' ? '/' : `/page/${name}`, { contentType, body });
  }
  files.set('/modules/lightweight-charts.js', {
    contentType: 'text/javascript; charset=utf-8',
    body: await readFile(chartLibraryPath(), 'utf8'),
  });
  return files;
}

/** The build that has its own dependency in it: one file, one request. */
function chartLibraryPath(): string {
  const manifest = createRequire(import.meta.url).resolve('lightweight-charts/package.json');
  return join(dirname(manifest), 'dist/lightweight-charts.standalone.production.mjs');
}
