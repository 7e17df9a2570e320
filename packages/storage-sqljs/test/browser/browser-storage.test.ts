/** Databases that live in a browser. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import { browserLaunch, hasBrowser } from '../../../../tools/test-browser.ts';
import { BTC, MINUTE, minutes, START, temporaryPath } from '../temporary-database.ts';
import { LabSite } from './lab-site.ts';
import type { Place } from './page/lab.ts';

const LONG = 60_000;
const PLACES: readonly Place[] = ['OPFS', 'IndexedDB'];
const NAME = 'market_data/비트코인.sqlite3';
const COVERS = { from: START, to: START + 1_000 * MINUTE };

describe.skipIf(!hasBrowser())('in a browser', () => {
  let site: LabSite;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    site = await LabSite.start();
    browser = await chromium.launch(browserLaunch());
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
  });

  it('loads nothing of Node', () => {
    const scripts = [...site.files].filter(([name]) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThanOrEqual(2);
    for (const [name, text] of scripts) {
      // What Vite puts in the place of Node's modules counts as well.
      expect(text, name).not.toMatch(/["'`]node:|browser-external|\brequire\(/);
      // The Node half would come with these.
      expect(text, name).not.toMatch(/worker_threads|DatabaseFile/);
    }
  });

  it('has a README whose example for browsers works', async () => {
    const page = await context.newPage();
    const printed = page.waitForEvent('console');
    await page.goto(`${site.url}readme.html`);
    expect((await printed).text()).toBe('1');
  });

  describe.each(PLACES)('%s', (place) => {
    it('has what was written and flushed after a reload, bit for bit', async () => {
      const page = await site.open(context);
      const candles = minutes(0, 1_000);
      await page.evaluate(
        async ([where, name, write]) => {
          const storage = await window.lab.open(where, name);
          await storage.candles.write(write);
          await storage.metadata.set('note', { text: '비트코인' });
          await storage.flush();
        },
        [place, NAME, { key: BTC, candles, covers: COVERS, source: 'upbit' }] as const,
      );
      await page.reload();
      const found = await page.evaluate(
        async ([where, name, key]) => {
          const storage = await window.lab.open(where, name);
          return {
            candles: (await storage.candles.read(key)).toArray(),
            coverage: await storage.coverage.of(key),
            note: await storage.metadata.get('note'),
            integrity: await storage.integrity?.check(),
            platforms: storage.capabilities.platforms,
          };
        },
        [place, NAME, BTC] as const,
      );
      expect(found.candles).toEqual(candles);
      expect(found.coverage).toMatchObject([{ ...COVERS, source: 'upbit' }]);
      expect(found.note).toEqual({ text: '비트코인' });
      expect(found.integrity).toMatchObject({ ok: true, candles: 1_000 });
      expect(found.platforms).toContain('browser');
    });

    it('has what it saved by itself after its page crashed', async () => {
      const page = await site.open(context);
      await page.evaluate(
        async ([where, name]) => {
          const persister = window.lab.countingPersister(where, name);
          const storage = await window.lab.open(where, name, { persister, saveDelayMs: 20 });
          await storage.flush();
        },
        [place, NAME] as const,
      );
      const saves = await page.evaluate(() => window.lab.saves);
      await page.evaluate((write) => window.lab.storage.candles.write(write), {
        key: BTC,
        candles: minutes(0, 10),
      });
      await page.waitForFunction((before) => window.lab.saves > before, saves);
      await crash(page);
      expect(await candlesOf(await site.open(context), place)).toEqual(minutes(0, 10));
    });

    it('has all that was flushed, whole, whenever its page crashes', async () => {
      const disk = await openProfile(temporaryProfile());
      for (let round = 0; round < 2; round += 1) {
        const page = await site.open(disk);
        let flushed = 0;
        const enough = new Promise<void>((resolve) => {
          page.on('console', (message) => {
            flushed = Number(message.text());
            if (flushed % 10 === 9) resolve();
          });
        });
        await page.evaluate(([where, name]) => void window.lab.saveForever(where, name), [
          place,
          NAME,
        ] as const);
        await enough;
        await crash(page);
        const volumes = (await candlesOf(await site.open(disk), place)).map(({ volume }) => volume);
        expect(volumes.length).toBeGreaterThanOrEqual(flushed);
        expect(volumes).toEqual(volumes.map((_, i) => i));
      }
    });

    it('refuses a second page until the first one lets go', async () => {
      const [one, other] = [await site.open(context), await site.open(context)];
      await one.evaluate(
        async ([where, name, write]) => {
          const storage = await window.lab.open(where, name);
          await storage.candles.write(write);
        },
        [place, NAME, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      const refusal = await other.evaluate(
        ([where, name]) => window.lab.rejection(() => window.lab.open(where, name)),
        [place, NAME] as const,
      );
      expect(refusal).toMatchObject({ code: 'BUSY', retryable: true });
      expect(await candlesOf(other, place, 'another')).toEqual([]);
      await one.evaluate(() => window.lab.storage.close());
      expect(await candlesOf(other, place)).toEqual(minutes(0, 10));
    });

    it('moves databases from and to storage-sqlite', async () => {
      const path = temporaryPath();
      const native = await sqlite(path);
      await native.candles.write({ key: BTC, candles: minutes(0, 1_000), covers: COVERS });
      await native.close();
      const page = await site.open(context);
      await page.evaluate(
        async ([where, name, base64, write]) => {
          const { lab } = window;
          await lab.upload(where, name, base64);
          const storage = await lab.open(where, name);
          await storage.candles.write(write);
          await storage.close();
        },
        [
          place,
          NAME,
          readFileSync(path, 'base64'),
          { key: BTC, candles: minutes(1_000, 1_100) },
        ] as const,
      );
      const base64 = await page.evaluate(([where, name]) => window.lab.download(where, name), [
        place,
        NAME,
      ] as const);
      writeFileSync(path, base64, 'base64');
      const again = await sqlite(path);
      expect((await again.candles.read(BTC)).toArray()).toEqual(minutes(0, 1_100));
      expect(await again.coverage.of(BTC)).toMatchObject([COVERS]);
      expect(await again.integrity?.check()).toMatchObject({ ok: true, candles: 1_100 });
    });

    it('tells that there is no room, keeps what was saved, and recovers', async () => {
      const disk = await openProfile(temporaryProfile());
      const page = await site.open(disk);
      await limitStorage(page, 1_500_000);
      const refusal = await page.evaluate(
        async ([where, name, write]) => {
          const { lab } = window;
          const storage = await lab.open(where, name, { saveDelayMs: 3_600_000 });
          await storage.candles.write(write);
          await storage.flush();
          await lab.addBallast();
          return lab.rejection(() => storage.flush());
        },
        [place, NAME, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      expect(refusal).toMatchObject({
        code: 'DISK_FULL',
        retryable: true,
        details: { path: NAME },
      });
      // What was saved before is as it was: another page would find it.
      const other = await site.open(disk);
      await crash(page);
      expect(await candlesOf(other, place)).toEqual(minutes(0, 10));
      const refusedAgain = await other.evaluate(
        async ([where, name]) => {
          const storage = await window.lab.open(where, name, { saveDelayMs: 3_600_000 });
          await window.lab.addBallast();
          return window.lab.rejection(() => storage.flush());
        },
        [place, NAME] as const,
      );
      expect(refusedAgain).toMatchObject({ code: 'DISK_FULL' });
      await limitStorage(other, undefined);
      await other.evaluate(() => window.lab.storage.flush());
      await other.reload();
      const kept = await other.evaluate(
        async ([where, name]) => (await window.lab.open(where, name)).metadata.keys(),
        [place, NAME] as const,
      );
      expect(kept).toEqual(['one', 'three', 'two']);
    });

    it('has what was flushed after the browser was killed', async () => {
      const profile = temporaryProfile();
      const first = await openProfile(profile);
      const page = await site.open(first);
      await page.evaluate(
        async ([where, name, write]) => {
          const storage = await window.lab.open(where, name);
          await storage.candles.write(write);
          await storage.flush();
        },
        [place, NAME, { key: BTC, candles: minutes(0, 1_000) }] as const,
      );
      const gone = first.waitForEvent('close', { timeout: LONG });
      process.kill(await browserPid(first), 'SIGKILL');
      await gone;

      const second = await site.open(await openProfile(profile));
      expect(await candlesOf(second, place)).toEqual(minutes(0, 1_000));
    });
  });

  it('saves nothing more when another page has taken the lock by force', async () => {
    const page = await site.open(context);
    const refusal = await page.evaluate(
      async ([name, write]) => {
        const { lab } = window;
        const storage = await lab.open('OPFS', name, { saveDelayMs: 3_600_000 });
        await storage.flush();
        await navigator.locks.request(`barkeep/opfs/${name}`, { steal: true }, () => undefined);
        await storage.candles.write(write);
        return lab.rejection(() => storage.close());
      },
      [NAME, { key: BTC, candles: minutes(0, 10) }] as const,
    );
    expect(refusal).toMatchObject({ code: 'BUSY', retryable: false });
    expect(await candlesOf(page, 'OPFS')).toEqual([]);
  });

  it('falls back to the snapshot before when OPFS has torn the newest, and to nothing else', async () => {
    const page = await site.open(context);
    await page.evaluate(
      async ([name, [one, other]]) => {
        const storage = await window.lab.open('OPFS', name, { saveDelayMs: 3_600_000 });
        for (const write of [one, other]) {
          await storage.candles.write(write);
          await storage.flush();
        }
        await storage.close();
      },
      [
        NAME,
        [
          { key: BTC, candles: minutes(0, 10) },
          { key: BTC, candles: minutes(10, 20) },
        ],
      ] as const,
    );
    await tearFile(page, `${encodeURIComponent(NAME)}.a`);
    expect(await candlesOf(page, 'OPFS')).toEqual(minutes(0, 10));
    await tearFile(page, `${encodeURIComponent(NAME)}.b`);
    const refusal = await page.evaluate(
      (name) => window.lab.rejection(() => window.lab.open('OPFS', name)),
      NAME,
    );
    expect(refusal).toMatchObject({ code: 'CORRUPT', details: { path: NAME } });
  });

  it('names the address that SQLite cannot be loaded from', async () => {
    const page = await site.open(context);
    const refusal = await page.evaluate(
      (name) => window.lab.rejection(() => window.lab.open('OPFS', name, { wasmUrl: './no.wasm' })),
      NAME,
    );
    const details = { wasmUrl: `${site.url}no.wasm` };
    expect(refusal).toMatchObject({ code: 'CANNOT_OPEN', details });
    expect(await candlesOf(page, 'OPFS')).toEqual([]);
  });

  it('says so when the script of the worker does not load', async () => {
    const page = await site.open(context);
    const refusal = await page.evaluate((name) => {
      const worker = () => new Worker('/no.js', { type: 'module' });
      return window.lab.rejection(() => window.lab.open('OPFS', name, { worker }));
    }, NAME);
    expect(refusal).toMatchObject({ code: 'INTERNAL' });
    expect(await candlesOf(page, 'OPFS')).toEqual([]);
  });

  it('refuses bad options', async () => {
    const page = await site.open(context);
    const refusals = await page.evaluate(async () => {
      const { lab } = window;
      const persister = lab.persister('OPFS', 'x');
      const bad = [
        { persister, path: './x' },
        {},
        { persister, wasmUrl: 'http://[' },
        { persister, worker: './worker.js' },
        { persister: {} },
        { persister, url: './x' },
      ];
      const making = bad.map((options) => () => new lab.SqlJsStorage(options as never));
      const naming = ['', 1, '\ud800'].map((name) => () => lab.persister('OPFS', name as string));
      return Promise.all([...making, ...naming].map((call) => lab.rejection(call)));
    });
    const options = ['path', 'persister', 'wasmUrl', 'worker', 'persister', 'options'];
    expect(refusals).toMatchObject(
      [...options, 'name', 'name', 'name'].map((field) => {
        return { code: 'INVALID_INPUT', details: { field } };
      }),
    );
  });
});

async function sqlite(path: string): Promise<SqliteStorage> {
  const storage = new SqliteStorage({ path });
  onTestFinished(() => storage.close());
  await storage.open();
  return storage;
}

/** A folder for a browser that keeps its data on the disk, as a user's does. */
function temporaryProfile(): string {
  const profile = mkdtempSync(join(tmpdir(), 'barkeep-browser-'));
  onTestFinished(() => rmSync(profile, { recursive: true, force: true }));
  return profile;
}

async function openProfile(profile: string): Promise<BrowserContext> {
  const opened = await chromium.launchPersistentContext(profile, browserLaunch());
  onTestFinished(() => opened.close());
  return opened;
}

/** Opens the database in a page, reads all its candles, and closes it. */
function candlesOf(page: Page, place: Place, name: string = NAME) {
  return page.evaluate(
    async ([where, called, key]) => {
      const storage = await window.lab.open(where, called);
      const candles = (await storage.candles.read(key)).toArray();
      await storage.close();
      return candles;
    },
    [place, name, BTC] as const,
  );
}

/** The process of the page is gone at once, as when it runs out of memory. */
async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  session.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** How many bytes the site may store; `undefined`: as many as ever. */
async function limitStorage(page: Page, quotaSize: number | undefined): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send('Storage.overrideQuotaForOrigin', {
    origin,
    ...(quotaSize !== undefined && { quotaSize }),
  });
}

/** Cuts a file of OPFS short. */
function tearFile(page: Page, name: string): Promise<void> {
  return page.evaluate(async (torn) => {
    const directory = await navigator.storage.getDirectory();
    const file = await directory.getFileHandle(torn);
    const writable = await file.createWritable({ keepExistingData: true });
    await writable.truncate((await file.getFile()).size - 100);
    await writable.close();
  }, name);
}

async function browserPid(context: BrowserContext): Promise<number> {
  const session = await context.browser()?.newBrowserCDPSession();
  const info = await session?.send('SystemInfo.getProcessInfo');
  const pid = info?.processInfo.find(({ type }) => type === 'browser')?.id;
  if (pid === undefined) throw new Error('the browser does not tell its process');
  return pid;
}
