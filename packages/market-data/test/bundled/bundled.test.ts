/** An app that installs some of the adapters, built by the bundlers that people use, and run. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { browserLaunch, hasBrowser } from '../../../../tools/test-browser.ts';
import type { Outcome, Urls } from './app.ts';
import { BUNDLERS, bundleForNode } from './bundlers.ts';
import { InstalledApp } from './installed-app.ts';
import { serveFolder } from './serve-folder.ts';

const LONG = 60_000;
const ADAPTERS = ['@barkeep/storage-memory', '@barkeep/realtime-memory'];

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

describe('an app that installs two of the adapters', () => {
  let app: InstalledApp;
  let browser: Browser | undefined;

  beforeAll(async () => {
    [app, browser] = await Promise.all([
      InstalledApp.make(['@barkeep/market-data', ...ADAPTERS]),
      hasBrowser() ? chromium.launch(browserLaunch()) : undefined,
    ]);
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await app?.remove();
  });

  describe.skipIf(!hasBrowser())('in a browser', () => {
    it.each(Object.entries(BUNDLERS))('says what is missing: %s', async (_, bundle) => {
      // Bundlers go by it, and Vitest says `test`.
      vi.stubEnv('NODE_ENV', undefined);
      onTestFinished(() => void vi.unstubAllEnvs());
      const out = await mkdtemp(join(app.folder, 'out-'));
      await bundle(app.folder, out);
      const site = await serveFolder(out);
      onTestFinished(() => site.close());
      const page = await browser?.newPage();
      onTestFinished(() => page?.close());
      const failures: unknown[] = [];
      page?.on('pageerror', (error) => failures.push(error));
      await page?.goto(site.url);
      const expected = [...INSTALLED, ...MISSING_ANYWHERE, ...MISSING_IN_BROWSERS];
      const outcomes = await page?.evaluate(
        (services) => outcomesOf(services),
        expected.map(([urls]) => urls),
      );
      expect(outcomes).toEqual(expected.map(([, outcome]) => outcome));
      expect(failures).toEqual([]);
    });
  });

  it('says what is missing in Node, bundled by esbuild', async () => {
    // Beside the app's folder, as when it is deployed: nothing is installed there.
    const out = await mkdtemp(join(app.folder, '..', 'barkeep-deployed-'));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    const path = await bundleForNode(app.folder, out);
    const expected = [...INSTALLED, ...MISSING_ANYWHERE, ...MISSING_IN_NODE];
    const script = `await import(process.argv[1]);
      console.log(JSON.stringify(await outcomesOf(JSON.parse(process.argv[2]))))`;
    const services = JSON.stringify(expected.map(([urls]) => urls));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, path, services],
      { cwd: out },
    );
    expect(JSON.parse(stdout)).toEqual(expected.map(([, outcome]) => outcome));
  });
});

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
