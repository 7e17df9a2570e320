import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build, defaultClientConditions, type Rolldown } from 'vite';

const PAGE = join(import.meta.dirname, 'page');
const README = join(import.meta.dirname, '../../README.md');
/** What `readme.html` loads: the README's example for browsers. */
const README_SCRIPT = join(PAGE, 'readme-example.ts');
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  wasm: 'application/wasm',
};

/** The files of the pages by name, bundled as a user's bundler does it. */
export async function buildPage(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const built = await build({
    configFile: false,
    root: PAGE,
    base: './',
    logLevel: 'warn',
    resolve: { conditions: ['@barkeep/typescript', ...defaultClientConditions] },
    worker: { format: 'es' },
    plugins: [
      {
        name: 'readme-example',
        enforce: 'pre',
        resolveId: (id) => (id.endsWith('readme-example.ts') ? README_SCRIPT : undefined),
        load: (id) => (id === README_SCRIPT ? readmeExample() : undefined),
      },
    ],
    build: {
      write: false,
      target: 'esnext',
      minify: false,
      rolldownOptions: { input: ['index.html', 'readme.html'].map((name) => join(PAGE, name)) },
    },
  });
  // What it answers depends on options that are not given here.
  const { output } = built as Rolldown.RolldownOutput;
  return new Map(
    output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]),
  );
}

async function readmeExample(): Promise<string> {
  const [, section = ''] = (await readFile(README, 'utf8')).split('## In browsers');
  const [, code] = /^```ts\n([\s\S]*?)^```$/m.exec(section) ?? [];
  if (code === undefined) throw new Error('the README has no example for browsers');
  return code;
}

/**
 * Serves files on a free port of localhost, where pages may use OPFS and Web Locks. Below
 * `policy/<Content-Security-Policy>/` the same files come with that policy.
 */
export async function servePage(
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, policy, path = ''] = /^\/(?:policy\/([^/]*)\/)?(.*)$/.exec(pathname) ?? [];
    const name = path === '' ? 'index.html' : path;
    const body = files.get(name);
    const type = CONTENT_TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    const headers = {
      'content-type': type,
      ...(policy !== undefined && { 'content-security-policy': decodeURIComponent(policy) }),
    };
    response.writeHead(body === undefined ? 404 : 200, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
