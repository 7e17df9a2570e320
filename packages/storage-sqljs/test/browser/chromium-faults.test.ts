/** What can befall databases in a browser, in Chromium, which can be told to crash and to be full. */
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
import { hasTinyDisk, withTinyDisk } from '../../../../tools/tiny-disk.ts';
import { BTC, MINUTE, minutes, START, temporaryPath } from '../temporary-database.ts';
import { candlesOf } from './every-browser.ts';
import { LabSite } from './lab-site.ts';
import type { Place } from './page/lab.ts';

const LONG = 60_000;
const PLACES: readonly Place[] = ['OPFS', 'IndexedDB'];
const NAME = 'market_data/비트코인.sqlite3';
const COVERS = { from: START, to: START + 1_000 * MINUTE };
const NO_ROOM = { code: 'DISK_FULL', retryable: true, details: { path: NAME } };

describe.skipIf(!hasBrowser())('in Chromium, whatever happens to it', () => {
  let site: LabSite;
  let browser: Browser;
  /** In a private window: nothing reaches the disk. */
  let page: Page;
  /** What a user has, whose data outlives the browser. */
  let disk: BrowserContext;
  /** Looks at what other pages of `disk` have left. */
  let reader: Page;
  const profile = mkdtempSync(join(tmpdir(), 'barkeep-chromium-'));

  beforeAll(async () => {
    [site, browser, disk] = await Promise.all([
      LabSite.start(),
      chromium.launch(browserLaunch()),
      chromium.launchPersistentContext(profile, browserLaunch()),
    ]);
    reader = await site.open(disk);
  }, LONG);
  // What another test has done to its page, its storage and its workers stays there.
  beforeEach(async () => {
    page = await site.open(await browser.newContext());
  });
  afterEach(() => page.context().close());
  afterAll(async () => {
    await Promise.all([browser?.close(), disk?.close(), site?.close()]);
    rmSync(profile, { recursive: true, force: true });
  });

  it('loads nothing of Node', () => {
    const scripts = [...site.files].filter(([name]) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThanOrEqual(2);
    for (const [name, text] of scripts) {
      // What Vite puts in the place of Node's modules counts as well.
      expect(text, name).not.toMatch(
        /\b(?:from|import)\b[\s(]*["'`]node:|browser-external|\brequire\(/,
      );
      // The Node half would come with these.
      expect(text, name).not.toMatch(/worker_threads|DatabaseFile/);
    }
  });

  describe.each(PLACES)('%s', (place) => {
    it('has what it saved by itself after its page crashed', async () => {
      const page = await site.open(disk);
      await page.evaluate(
        async ([where, write]) => {
          const storage = await window.lab.open(where, 'by itself', { saveDelayMs: 20 });
          await storage.flush();
          await storage.candles.write(write);
        },
        [place, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      await page.waitForFunction(() => !window.lab.storage.saveStatus.hasUnsavedChanges);
      await crash(page);
      expect(await candlesOf(reader, place, 'by itself')).toEqual(minutes(0, 10));
    });

    it('has all that was flushed, whole, whenever its page crashes', async () => {
      for (let round = 0; round < 2; round += 1) {
        const page = await site.open(disk);
        let flushed = 0;
        const enough = new Promise<void>((resolve) => {
          page.on('console', (message) => {
            flushed = Number(message.text());
            if (flushed % 10 === 9) resolve();
          });
        });
        await page.evaluate((where) => void window.lab.saveForever(where, 'crashed'), place);
        await enough;
        await crash(page);
        const candles = await candlesOf(reader, place, 'crashed');
        const volumes = candles.map(({ volume }) => volume);
        expect(volumes.length).toBeGreaterThanOrEqual(flushed);
        expect(volumes).toEqual(volumes.map((_, i) => i));
      }
    });

    it('moves databases from and to storage-sqlite', async () => {
      const path = temporaryPath();
      const native = await sqlite(path);
      await native.candles.write({ key: BTC, candles: minutes(0, 1_000), covers: COVERS });
      await native.close();
      const base64 = await page.evaluate(
        async ([where, bytes, write]) => {
          const { lab } = window;
          await lab.upload(where, 'moved', bytes);
          const storage = await lab.open(where, 'moved');
          await storage.candles.write(write);
          await storage.close();
          return lab.download(where, 'moved');
        },
        [
          place,
          readFileSync(path, 'base64'),
          { key: BTC, candles: minutes(1_000, 1_100) },
        ] as const,
      );
      writeFileSync(path, base64, 'base64');
      const again = await sqlite(path);
      expect((await again.candles.read(BTC)).toArray()).toEqual(minutes(0, 1_100));
      expect(await again.coverage.of(BTC)).toMatchObject([COVERS]);
      expect(await again.integrity?.check()).toMatchObject({ ok: true, candles: 1_100 });
    });

    it.each(['a private window', 'a window'])(
      'reports that there is no room in %s, keeps what was saved, and recovers',
      async (which) => {
        const window_ = which === 'a window' ? disk : await browser.newContext();
        if (which === 'a private window') onTestFinished(() => window_.close());
        // What other tests have stored and deleted counts for a while.
        const fresh = await site.elsewhere();
        onTestFinished(() => fresh.close());
        const page = await fresh.open(window_);
        await limitStorage(page, (await usage(page)) + 1_500_000);
        await page.evaluate(
          async ([where, name, write]) => {
            const storage = await window.lab.open(where, name, { saveDelayMs: 3_600_000 });
            await storage.candles.write(write);
            await storage.flush();
          },
          [place, NAME, { key: BTC, candles: minutes(0, 10) }] as const,
        );
        expect(await page.evaluate(() => window.lab.saveWithoutRoom())).toMatchObject({
          errors: ['DISK_FULL', 'DISK_FULL', 'DISK_FULL'],
          refusals: [NO_ROOM, NO_ROOM, NO_ROOM],
          unsaved: true,
        });
        // What was saved before is as it was: another page finds it.
        const other = await fresh.open(window_);
        await crash(page);
        expect(await candlesOf(other, place, NAME)).toEqual(minutes(0, 10));
        const closing = await other.evaluate(
          async ([where, name]) => {
            const storage = await window.lab.open(where, name, { saveDelayMs: 3_600_000 });
            await window.lab.addBallast();
            return window.lab.rejection(() => storage.close());
          },
          [place, NAME] as const,
        );
        expect(closing).toMatchObject(NO_ROOM);
        await limitStorage(other, undefined);
        const kept = await other.evaluate(
          async ([where, name]) => {
            const storage = await window.lab.open(where, name);
            await window.lab.addBallast();
            await storage.close();
            const again = await window.lab.open(where, name);
            const keys = await again.metadata.keys();
            await again.close();
            return keys;
          },
          [place, NAME] as const,
        );
        expect(kept).toEqual(['one', 'three', 'two']);
        expect(await candlesOf(other, place, NAME)).toEqual(minutes(0, 10));
      },
    );

    it('has what was written just before a reload', async () => {
      await page.evaluate(
        async ([where, write]) => {
          const storage = await window.lab.open(where, 'reloaded', { saveDelayMs: 3_600_000 });
          await storage.flush();
          await storage.candles.write(write);
        },
        [place, { key: BTC, candles: minutes(0, 1_000) }] as const,
      );
      await page.reload();
      expect(await candlesOf(page, place, 'reloaded')).toEqual(minutes(0, 1_000));
    });

    it('begins anew after the site was told to forget its data', async () => {
      await page.evaluate(
        async ([where, write]) => {
          const storage = await window.lab.open(where, 'forgotten', { saveDelayMs: 3_600_000 });
          await storage.candles.write(write);
          await storage.flush();
        },
        [place, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      const session = await page.context().newCDPSession(page);
      const origin = new URL(page.url()).origin;
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
      await page.evaluate(
        async (write) => {
          await window.lab.storage.candles.write(write);
          await window.lab.storage.close();
        },
        { key: BTC, candles: minutes(10, 20) },
      );
      expect(await candlesOf(page, place, 'forgotten')).toEqual(minutes(0, 20));
    });
  });

  it('saves nothing more when another page has taken the lock by force', async () => {
    const refusal = await page.evaluate(
      async (write) => {
        const { lab } = window;
        const storage = await lab.open('OPFS', 'stolen', { saveDelayMs: 3_600_000 });
        await storage.flush();
        await navigator.locks.request('barkeep/opfs/stolen', { steal: true }, () => undefined);
        await storage.candles.write(write);
        return lab.rejection(() => storage.close());
      },
      { key: BTC, candles: minutes(0, 10) },
    );
    expect(refusal).toMatchObject({ code: 'BUSY', retryable: false });
    expect(await candlesOf(page, 'OPFS', 'stolen')).toEqual([]);
  });

  it('falls back to the snapshot before when OPFS has torn the newest, and to nothing else', async () => {
    await page.evaluate(
      async ([one, other]) => {
        const storage = await window.lab.open('OPFS', 'torn', { saveDelayMs: 3_600_000 });
        for (const write of [one, other]) {
          await storage.candles.write(write);
          await storage.flush();
        }
        await storage.close();
      },
      [
        { key: BTC, candles: minutes(0, 10) },
        { key: BTC, candles: minutes(10, 20) },
      ] as const,
    );
    await tearFile(page, 'torn.a');
    expect(await candlesOf(page, 'OPFS', 'torn')).toEqual(minutes(0, 10));
    await tearFile(page, 'torn.b');
    const { refusal, salvaged } = await page.evaluate(async () => {
      const { lab } = window;
      const refused = await lab.rejection(() => lab.open('OPFS', 'torn'));
      const persister = lab.persister('OPFS', 'torn');
      const bytes = await persister.salvage();
      await persister.delete();
      return { refusal: refused, salvaged: new TextDecoder().decode(bytes?.subarray(0, 15)) };
    });
    expect(refusal).toMatchObject({ code: 'CORRUPT', details: { path: 'torn' } });
    expect(refusal.message).toMatch(/salvage.*delete/);
    expect(salvaged).toBe('SQLite format 3');
    expect(await candlesOf(page, 'OPFS', 'torn')).toEqual([]);
  });

  it('has what was flushed after the browser was killed', async () => {
    await reader.evaluate(
      async ([places, write]) => {
        for (const place of places) {
          const storage = await window.lab.open(place, 'killed');
          await storage.candles.write(write);
          await storage.flush();
        }
      },
      [PLACES, { key: BTC, candles: minutes(0, 1_000) }] as const,
    );
    const gone = disk.waitForEvent('close', { timeout: LONG });
    process.kill(await browserPid(disk), 'SIGKILL');
    await gone;
    disk = await chromium.launchPersistentContext(profile, browserLaunch());
    reader = await site.open(disk);
    for (const place of PLACES) {
      expect(await candlesOf(reader, place, 'killed')).toEqual(minutes(0, 1_000));
    }
  });

  it.skipIf(!hasTinyDisk())('reports that the disk is full, opens on it, and recovers', () =>
    withTinyDisk(60_000_000, async (tiny) => {
      const small = await chromium.launchPersistentContext(tiny.directory, browserLaunch());
      onTestFinished(() => small.close());
      const page = await site.open(small);
      for (const place of PLACES) {
        await saveCandles(page, place);
        tiny.fill(500_000);
        const refusal = await page.evaluate(async (where) => {
          const storage = await window.lab.open(where, 'full', { saveDelayMs: 3_600_000 });
          await window.lab.addBallast();
          return window.lab.rejection(() => storage.flush());
        }, place);
        expect(refusal).toMatchObject({ code: 'DISK_FULL', retryable: true });
        tiny.fill();
        const again = await page.evaluate(() =>
          window.lab.rejection(() => window.lab.storage.flush()),
        );
        expect(again).toMatchObject({ code: 'DISK_FULL', retryable: true });
        // IndexedDB needs room to open; what cannot be read is never taken for what was never there.
        const other = await site.open(small);
        const found = await other.evaluate(readLastSave, place);
        expect([10, ...(place === 'IndexedDB' ? ['CANNOT_OPEN'] : [])]).toContain(found);
        tiny.free();
        await page.evaluate(() => window.lab.storage.close());
        expect(await candlesOf(page, place, 'full')).toEqual(minutes(0, 10));
      }
    }),
  );

  it.skipIf(!hasTinyDisk())(
    'never takes what Chromium has deleted for a database that is new',
    () =>
      withTinyDisk(60_000_000, async (tiny) => {
        const small = await chromium.launchPersistentContext(tiny.directory, browserLaunch());
        onTestFinished(() => small.close());
        const page = await site.open(small);
        const found: (number | string)[] = [];
        await saveCandles(page, 'IndexedDB');
        // Each full disk leaves its trace in what Chromium keeps; in the end it deletes all of it.
        for (let round = 0; round < 8 && !found.includes('lost'); round += 1) {
          for (const leftBytes of [round * 4_096, 0, 0, undefined]) {
            if (leftBytes === undefined) tiny.free();
            else tiny.fill(leftBytes);
            found.push(await page.evaluate(saveMore));
          }
        }
        for (const one of found) expect([10, 'DISK_FULL', 'CANNOT_OPEN', 'lost']).toContain(one);
        tiny.free();
        await page.evaluate(() => window.lab.persister('IndexedDB', 'full').delete());
        expect(await candlesOf(page, 'IndexedDB', 'full')).toEqual([]);
        await saveCandles(page, 'IndexedDB');
        expect(await candlesOf(page, 'IndexedDB', 'full')).toEqual(minutes(0, 10));
      }),
  );
});

/** Ten candles in a database that is then closed. */
function saveCandles(page: Page, place: Place): Promise<void> {
  return page.evaluate(
    async ([where, write]) => {
      const storage = await window.lab.open(where, 'full', { saveDelayMs: 3_600_000 });
      await storage.candles.write(write);
      await storage.close();
    },
    [place, { key: BTC, candles: minutes(0, 10) }] as const,
  );
}

/** How many candles there are, or why they cannot be read; runs in the page. */
async function readLastSave(place: Place): Promise<number | string> {
  const { lab } = window;
  const persister = lab.persister(place, 'full', { readOnly: true });
  const reader = new lab.SqlJsStorage({ persister });
  try {
    await reader.open();
    return (await reader.candles.read({ symbol: 'KRW-BTC', timeframe: '1m' })).length;
  } catch (error) {
    return String(Reflect.get(Object(error), 'code'));
  } finally {
    await reader.close();
  }
}

/** As before a save that changes the database, which may fail; runs in the page. */
async function saveMore(): Promise<number | string> {
  const { lab } = window;
  try {
    const storage = await lab.open('IndexedDB', 'full', { saveDelayMs: 3_600_000 });
    const { length } = await storage.candles.read({ symbol: 'KRW-BTC', timeframe: '1m' });
    await storage.metadata.set('filling', crypto.randomUUID().repeat(500));
    await storage.close();
    return length;
  } catch (error) {
    const { code, message } = Object(error);
    return /has lost/.test(message) ? 'lost' : String(code);
  }
}

async function sqlite(path: string): Promise<SqliteStorage> {
  const storage = new SqliteStorage({ path });
  onTestFinished(() => storage.close());
  await storage.open();
  return storage;
}

/** The process of the page is gone at once, as when it runs out of memory. */
async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  session.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** How many bytes the site stores. */
function usage(page: Page): Promise<number> {
  return page.evaluate(async () => (await window.lab.browserQuota()).usedBytes ?? 0);
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
