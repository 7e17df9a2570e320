/** An app that installs some of the adapters, built by the bundlers that people use, and run. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { browserLaunch, hasBrowser, openFirefox } from '../../../../tools/test-browser.ts';
import type { Outcome, Urls } from './app.ts';
import {
  addWorker,
  BUNDLERS,
  type Bundle,
  bundleForNode,
  esbuild,
  NODE_BUNDLERS,
  serveWithVite,
} from './bundlers.ts';
import { InstalledApp } from './installed-app.ts';
import { type ServedFolder, serveFolder } from './serve-folder.ts';

const LONG = 60_000;
const ADAPTERS = ['storage-memory', 'realtime-memory'];

const INSTALLED: readonly (readonly [Urls, Outcome])[] = [
  [{ storage: 'memory:', realtime: 'memory:', cache: false }, { candles: 1 }],
];
const MISSING_ANYWHERE = [
  missing({ storage: 'memory:' }, 'cache-memory'),
  missing({ storage: 'memory:', cache: 'memory:?maxEntries=10' }, 'cache-memory'),
];
const MISSING_IN_BROWSERS = [
  missing({ storage: 'opfs:market_data' }, 'storage-sqljs'),
  missing({ storage: 'indexeddb:market_data', cache: false }, 'storage-sqljs'),
];
const MISSING_IN_NODE = [
  missing({ storage: 'sqlite:./market_data.sqlite3' }, 'storage-sqlite'),
  missing({ storage: 'sqljs:./market_data.sqlite3' }, 'storage-sqljs'),
  missing({ storage: 'memory:', cache: false, realtime: 'redis://localhost' }, 'realtime-redis'),
  missing({ storage: 'memory:', cache: 'disk:./pages' }, 'cache-disk'),
  missing({ storage: 'memory:', cache: 'keyv:' }, 'cache-keyv'),
];

let browser: Browser | undefined;

beforeAll(async () => {
  if (hasBrowser()) browser = await chromium.launch(browserLaunch());
}, LONG);
afterAll(() => browser?.close());

describe('an app that installs two of the adapters', () => {
  let app: InstalledApp;

  beforeAll(async () => {
    app = await InstalledApp.make(['market-data', ...ADAPTERS]);
  }, LONG);
  afterAll(() => app?.remove());

  it.skipIf(!hasBrowser()).each(Object.entries(BUNDLERS))(
    'says in a browser what is missing: %s',
    async (name, bundle) => {
      const expected = [...INSTALLED, ...MISSING_ANYWHERE, ...MISSING_IN_BROWSERS];
      const site = await bundled(app, name, bundle);
      const outcomes = await outcomesInBrowser(
        site,
        expected.map(([urls]) => urls),
      );
      expect(outcomes).toEqual(expected.map(([, outcome]) => outcome));
    },
  );

  it.skipIf(!hasBrowser('Firefox'))('says in Firefox what is missing: esbuild', async () => {
    // What it leaves to run time each engine refuses in its own words.
    const expected = [...INSTALLED, ...MISSING_ANYWHERE, ...MISSING_IN_BROWSERS];
    const [site, firefox] = await Promise.all([bundled(app, 'esbuild', esbuild), openFirefox()]);
    onTestFinished(() => firefox.close());
    const tab = await firefox.newTab();
    await tab.goto(site.url);
    const services = expected.map(([urls]) => urls);
    const outcomes = await tab.evaluate((all) => outcomesOf(all), services);
    expect(outcomes).toEqual(expected.map(([, outcome]) => outcome));
  });

  it.skipIf(!hasBrowser())(
    "says in a browser what is missing: Vite's development server",
    async () => {
      const expected = [...INSTALLED, ...MISSING_ANYWHERE, ...MISSING_IN_BROWSERS];
      const outcomes = await outcomesInBrowser(
        await servedByVite(app),
        expected.map(([urls]) => urls),
      );
      expect(outcomes).toEqual(expected.map(([, outcome]) => outcome));
    },
  );

  it('says what is missing in Node, bundled by esbuild', async () => {
    const expected = [...INSTALLED, ...MISSING_ANYWHERE, ...MISSING_IN_NODE];
    // Away from the app: nothing is installed there.
    const path = await bundleForNode(app.folder, await emptyFolder());
    const outcomes = await outcomesInNode(
      path,
      expected.map(([urls]) => urls),
    );
    expect(outcomes).toEqual(expected.map(([, outcome]) => outcome));
  });
});

describe('a service for Node that installs storage-sqlite and cache-disk', () => {
  let app: InstalledApp;

  beforeAll(async () => {
    const adapters = ['storage-sqlite', 'cache-disk', 'realtime-memory'];
    app = await InstalledApp.make(['market-data', ...adapters]);
  }, LONG);
  afterAll(() => app?.remove());

  it.each(Object.entries(NODE_BUNDLERS))('keeps candles: %s', async (_, bundle) => {
    const path = await bundle(app.folder);
    const data = await emptyFolder();
    const parts = { realtime: 'memory:', cache: `disk:${data}/pages` };
    const storage = `sqlite:${data}/market_data.sqlite3`;
    const services = [
      { ...parts, storage },
      { ...parts, storage: 'memory:' },
    ];
    const [, missingStorage] = missing({ storage: 'memory:' }, 'storage-memory');
    expect(await outcomesInNode(path, services)).toEqual([{ candles: 1 }, missingStorage]);
  });
});

describe.skipIf(!hasBrowser())('an app that installs storage-sqljs', () => {
  const stored: Outcome = { candles: 1 };
  let app: InstalledApp;

  beforeAll(async () => {
    app = await InstalledApp.make(['market-data', 'storage-sqljs', 'realtime-memory']);
  }, LONG);
  afterAll(() => app?.remove());

  it.each(Object.entries(BUNDLERS).filter(([name]) => !name.startsWith('esbuild')))(
    'keeps candles, without a word about its worker: %s',
    async (name, bundle) => {
      const site = await bundled(app, name, bundle);
      const services = ['opfs:one', 'indexeddb:two'].map(serviceOf);
      expect(await outcomesInBrowser(site, services)).toEqual([stored, stored]);
    },
  );

  it("keeps candles, with what Vite's development server is told", async () => {
    const services = ['opfs:one', 'indexeddb:two'].map(serviceOf);
    expect(await outcomesInBrowser(await servedByVite(app), services)).toEqual([stored, stored]);
  });

  it.each(Object.entries(BUNDLERS).filter(([name]) => name.startsWith('esbuild')))(
    'keeps candles when it says where its worker is: %s',
    async (name, bundle) => {
      const site = await bundled(app, name, bundle, addWorker);
      const where = 'worker=./web-worker.js&wasmUrl=./sql-wasm-browser.wasm';
      const services = [`opfs:one?${where}`, `indexeddb:two?${where}`].map(serviceOf);
      expect(await outcomesInBrowser(site, services)).toEqual([stored, stored]);
    },
  );
});

/** What an app says of services, run by Node. */
async function outcomesInNode(path: string, services: readonly Urls[]): Promise<Outcome[]> {
  const script = `await import(process.argv[1]);
    console.log(JSON.stringify(await outcomesOf(JSON.parse(process.argv[2]))))`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    pathToFileURL(path).href,
    JSON.stringify(services),
  ]);
  return JSON.parse(stdout);
}

function serviceOf(storage: string): Urls {
  return { storage, realtime: 'memory:', cache: false };
}

/** Away from the app, as when its bundle is deployed: nothing is installed there. */
async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'barkeep-deployed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Serves the bundle of an app. */
async function bundled(
  app: InstalledApp,
  name: string,
  ...steps: readonly Bundle[]
): Promise<ServedFolder> {
  // Bundlers go by it, and Vitest says `test`.
  vi.stubEnv('NODE_ENV', name.includes('development') ? 'development' : 'production');
  onTestFinished(() => void vi.unstubAllEnvs());
  const out = await emptyFolder();
  for (const step of steps) await step(app.folder, out);
  const site = await serveFolder(out);
  onTestFinished(() => site.close());
  return site;
}

async function servedByVite(app: InstalledApp): Promise<ServedFolder> {
  vi.stubEnv('NODE_ENV', 'development');
  onTestFinished(() => void vi.unstubAllEnvs());
  const site = await serveWithVite(app.folder);
  onTestFinished(() => site.close());
  return site;
}

/** What an app says of services, run in a page; nothing else may fail there. */
async function outcomesInBrowser(
  { url }: ServedFolder,
  services: readonly Urls[],
): Promise<Outcome[]> {
  const page = await browser?.newPage();
  if (page === undefined) throw new Error('there is no browser');
  onTestFinished(() => page.close());
  const failures: unknown[] = [];
  page.on('pageerror', (error) => failures.push(error));
  await page.goto(url);
  const outcomes = await page.evaluate((urls) => outcomesOf(urls), services);
  expect(failures).toEqual([]);
  return outcomes;
}

function missing(urls: Urls, adapter: string): readonly [Urls, Outcome] {
  const name = `@barkeep/${adapter}`;
  const install = `npm install ${name}`;
  return [
    urls,
    {
      name: 'BarkeepError',
      code: 'MISSING_PACKAGE',
      message: `${name} is not installed: ${install}`,
      details: { package: name, install },
    },
  ];
}
