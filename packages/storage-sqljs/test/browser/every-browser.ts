/** What holds in every browser; each runs it in a file of its own. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TestBrowser, TestTab } from '../../../../tools/browsers/test-tab.ts';
import { BTC, MINUTE, minutes, START } from '../temporary-database.ts';
import { LabSite } from './lab-site.ts';
import type { Place } from './page/lab.ts';

const LONG = 120_000;
const COVERS = { from: START, to: START + 1_000 * MINUTE };

export interface BrowserUnderTest {
  readonly launch: () => Promise<TestBrowser>;
  /** Where it can keep databases. */
  readonly places: readonly ('OPFS' | 'IndexedDB')[];
  /** The scenarios of the conformance suite, by the start of their key, for each of these places. */
  readonly conformance: readonly (readonly [place: Place, prefixes: readonly string[]])[];
  /** Whether it lets sites store so little that a test can fill it. */
  readonly hasLittleRoom?: boolean;
}

export function describeInBrowser({
  launch,
  places,
  conformance,
  hasLittleRoom = false,
}: BrowserUnderTest): void {
  let site: LabSite;
  let browser: TestBrowser;
  let tab: TestTab;

  beforeAll(async () => {
    [site, browser] = await Promise.all([LabSite.start(), launch()]);
    console.info(`the tests run in ${browser.version}`);
    tab = await browser.newTab();
    await tab.goto(site.url);
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  }, LONG);

  /** A tab for one test, which may go elsewhere. */
  const openTab = async (url: string): Promise<TestTab> => {
    const opened = await browser.newTab();
    onTestFinished(() => opened.close());
    await opened.goto(url);
    return opened;
  };

  it('has a README whose example for browsers works', async () => {
    const reader = await openTab(`${site.url}readme.html`);
    const printed = () => reader.evaluate(() => Reflect.get(window, 'printed'));
    await expect.poll(printed, { timeout: 20_000 }).toEqual(['1']);
  });

  describe.each(places)('%s', (place) => {
    it('has what was written and flushed after a reload, bit for bit', async () => {
      const candles = minutes(0, 1_000);
      await tab.evaluate(
        async ([where, name, write]) => {
          const storage = await window.lab.open(where, name);
          await storage.candles.write(write);
          await storage.metadata.set('note', { text: '비트코인' });
          await storage.flush();
        },
        [place, 'reload/비트코인', { key: BTC, candles, covers: COVERS, source: 'upbit' }] as const,
      );
      await tab.reload();
      const found = await tab.evaluate(
        async ([where, name, key]) => {
          const storage = await window.lab.open(where, name);
          const read = (await storage.candles.read(key)).toArray();
          const coverage = await storage.coverage.of(key);
          const note = await storage.metadata.get('note');
          const integrity = await storage.integrity?.check();
          await storage.close();
          return { candles: read, coverage, note, integrity };
        },
        [place, 'reload/비트코인', BTC] as const,
      );
      expect(found.candles).toEqual(candles);
      expect(found.coverage).toMatchObject([{ ...COVERS, source: 'upbit' }]);
      expect(found.note).toEqual({ text: '비트코인' });
      expect(found.integrity).toMatchObject({ ok: true, candles: 1_000 });
    });

    it('lets a second tab wait, give up, or read only, and names what is busy', async () => {
      const other = await openTab(site.url);
      await tab.evaluate(
        async ([where, write]) => {
          const storage = await window.lab.open(where, 'two tabs', { saveDelayMs: 3_600_000 });
          await storage.candles.write(write);
          await storage.flush();
        },
        [place, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      const refusals = await other.evaluate(
        async ([where, write]) => {
          const { lab } = window;
          const open = (options: object) => {
            const persister = lab.persister(where, 'two tabs', options);
            return lab.open(where, 'two tabs', { persister });
          };
          const busy = await lab.rejection(() => open({ lockWaitMs: 0 }));
          const waiting = new AbortController();
          setTimeout(() => waiting.abort(), 50);
          const patient = { lockWaitMs: 600_000, signal: waiting.signal };
          const aborted = await lab.rejection(() => open(patient));
          const closed = new lab.SqlJsStorage({
            persister: lab.persister(where, 'two tabs', { lockWaitMs: 600_000 }),
          });
          const opening = lab.rejection(() => closed.open());
          await closed.close();
          const reader = await open({ readOnly: true });
          const length = (await reader.candles.read(write.key)).length;
          const bytes = await reader.export();
          const readOnly = await lab.rejection(() => reader.candles.write(write));
          await reader.flush();
          await reader.close();
          const missing = await lab.rejection(() =>
            lab.open(where, 'x', { persister: lab.persister(where, 'x', { readOnly: true }) }),
          );
          // Waits until the first tab lets go.
          Object.assign(window, { waiting: open({ lockWaitMs: 600_000 }) });
          const closing = await opening;
          return { busy, aborted, closing, length, bytes: bytes.length, readOnly, missing };
        },
        [place, { key: BTC, candles: minutes(10, 20) }] as const,
      );
      expect(refusals).toMatchObject({
        busy: {
          code: 'BUSY',
          retryable: true,
          message: expect.stringContaining('two tabs'),
          details: { path: 'two tabs' },
        },
        aborted: { code: 'ABORTED' },
        closing: { code: 'ABORTED' },
        length: 10,
        readOnly: { code: 'READ_ONLY' },
        missing: { code: 'CANNOT_OPEN', message: expect.stringContaining('x') },
      });
      expect(refusals.bytes).toBeGreaterThan(4_096);
      await tab.evaluate(() => window.lab.storage.close());
      const found = await other.evaluate(async (key) => {
        await Reflect.get(window, 'waiting');
        const { length } = await window.lab.storage.candles.read(key);
        await window.lab.storage.close();
        return length;
      }, BTC);
      expect(found).toBe(10);
    });

    it.each(['terminate', 'close'] as const)(
      'settles every call when its worker ends by %s, and opens again',
      async (how) => {
        const outcomes = await tab.evaluate(
          ([where, end]) => window.lab.endWorker(where, `ended by ${end}`, end),
          [place, how] as const,
        );
        expect(outcomes).toHaveLength(6);
        for (const outcome of outcomes.slice(0, 3))
          expect(outcome).toMatch(/^(fulfilled|INTERNAL)$/);
        // What was written last cannot have been saved.
        expect(outcomes.slice(3)).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL']);
        expect(await candlesOf(tab, place, `ended by ${how}`)).toBeInstanceOf(Array);
      },
    );

    it('saves when the page is hidden or left', async () => {
      const saved = await tab.evaluate(
        async ([where, batches]) => {
          const storage = await window.lab.open(where, 'hidden', { saveDelayMs: 3_600_000 });
          await storage.flush();
          const results: boolean[] = [];
          const events = [
            () => {
              Reflect.defineProperty(document, 'visibilityState', {
                get: () => 'hidden',
                configurable: true,
              });
              document.dispatchEvent(new Event('visibilitychange'));
              Reflect.deleteProperty(document, 'visibilityState');
            },
            () => window.dispatchEvent(new Event('beforeunload')),
            () => window.dispatchEvent(new PageTransitionEvent('pagehide')),
          ];
          for (const [i, dispatch] of events.entries()) {
            await storage.candles.write(batches[i] ?? []);
            results.push(storage.saveStatus.hasUnsavedChanges);
            dispatch();
            while (storage.saveStatus.hasUnsavedChanges) {
              await new Promise((resolve) => setTimeout(resolve, 10));
            }
          }
          await storage.close();
          return results;
        },
        [place, [0, 10, 20].map((at) => ({ key: BTC, candles: minutes(at, at + 10) }))] as const,
      );
      expect(saved).toEqual([true, true, true]);
      expect(await candlesOf(tab, place, 'hidden')).toEqual(minutes(0, 30));
    });

    it.runIf(hasLittleRoom)('reports that there is no room, and recovers', async () => {
      const result = await tab.evaluate(
        async ([where, write]) => {
          const { lab } = window;
          const storage = await lab.open(where, 'no room', { saveDelayMs: 3_600_000 });
          await storage.candles.write(write);
          await storage.flush();
          await lab.fillQuota(1_000_000);
          return lab.saveWithoutRoom();
        },
        [place, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      const refusal = { code: 'DISK_FULL', retryable: true, details: { path: 'no room' } };
      expect(result).toMatchObject({
        errors: ['DISK_FULL', 'DISK_FULL', 'DISK_FULL'],
        refusals: [refusal, refusal, refusal],
        unsaved: true,
      });
      const saved = await tab.evaluate(
        async ([where, key]) => {
          const { lab } = window;
          const persister = lab.persister(where, 'no room', { readOnly: true });
          const reader = new lab.SqlJsStorage({ persister });
          await reader.open();
          const { length } = await reader.candles.read(key);
          await reader.close();
          await lab.freeQuota();
          await lab.storage.close();
          return length;
        },
        [place, BTC] as const,
      );
      expect(saved).toBe(10);
      expect(await candlesOf(tab, place, 'no room')).toEqual(minutes(0, 10));
    });

    it('saves nothing that is no database in the place of one', async () => {
      const refusals = await tab.evaluate(
        async ([where, write]) => {
          const { lab } = window;
          const storage = await lab.open(where, 'kept');
          await storage.candles.write(write);
          const good = await storage.export();
          await storage.close();
          const foreign = good.slice();
          foreign.set([1, 2, 3, 4], 68);
          const bad: unknown[] = [
            new TextEncoder().encode('<!doctype html>'.repeat(100)),
            new Uint8Array(),
            good.subarray(0, good.length - 1),
            foreign,
            good.buffer,
            undefined,
          ];
          const persister = lab.persister(where, 'kept');
          await persister.load();
          const found: { code: string }[] = [];
          for (const bytes of bad) {
            found.push(await lab.rejection(() => persister.save(bytes as Uint8Array)));
          }
          await persister.close();
          return found.map(({ code }) => code);
        },
        [place, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      const [none, cut, input] = ['NOT_A_DATABASE', 'CORRUPT', 'INVALID_INPUT'];
      expect(refusals).toEqual([none, none, cut, none, input, input]);
      expect(await candlesOf(tab, place, 'kept')).toEqual(minutes(0, 10));
    });

    it('exports a database that is open, and deletes one that is not', async () => {
      const result = await tab.evaluate(
        async ([where, write]) => {
          const { lab } = window;
          const storage = await lab.open(where, 'exported', { saveDelayMs: 3_600_000 });
          await storage.candles.write(write);
          const bytes = await storage.export();
          await storage.candles.write(write);
          const persister = lab.persister(where, 'exported', { lockWaitMs: 0 });
          const busy = await lab.rejection(() => persister.delete());
          await storage.close();
          const salvaged = await persister.salvage();
          await persister.delete();
          await persister.delete();
          const copy = lab.memoryPersister(bytes);
          const reading = await lab.open(where, 'copy', { persister: copy });
          const { length } = await reading.candles.read(write.key);
          await reading.close();
          const again = await lab.open(where, 'exported');
          const after = (await again.candles.list()).length;
          await again.close();
          return {
            busy,
            length,
            after,
            nothing: await persister.salvage(),
            salvaged: salvaged?.length,
          };
        },
        [place, { key: BTC, candles: minutes(0, 10) }] as const,
      );
      expect(result).toMatchObject({
        busy: { code: 'BUSY', details: { path: 'exported' } },
        length: 10,
        after: 0,
      });
      expect(result.salvaged).toBeGreaterThan(4_096);
    });
  });

  it('keeps a database in OPFS where it can, else in IndexedDB, and where it was', async () => {
    const result = await tab.evaluate(
      async ([write]) => {
        const { lab } = window;
        const early = await lab.open('IndexedDB', 'early');
        await early.candles.write(write);
        await early.close();
        const lengths: number[] = [];
        for (const name of ['early', 'chosen', 'chosen']) {
          const storage = await lab.open('browser', name);
          lengths.push((await storage.candles.read(write.key)).length);
          await storage.candles.write(write);
          await storage.close();
        }
        const places = ['IndexedDB', 'OPFS'] as const;
        const where: string[] = [];
        for (const name of ['early', 'chosen']) {
          for (const place of places) {
            const persister = lab.persister(place, name);
            const bytes = await persister.salvage().catch(() => undefined);
            if (bytes !== undefined) where.push(`${name} in ${place}`);
          }
        }
        await lab.persister('browser', 'chosen').delete();
        const left = await lab.persister('browser', 'chosen').salvage();
        return { lengths, where, isGone: left === undefined };
      },
      [{ key: BTC, candles: minutes(0, 10) }] as const,
    );
    expect(result).toEqual({
      lengths: [10, 0, 10],
      where: ['early in IndexedDB', `chosen in ${places[0]}`],
      isGone: true,
    });
  });

  it.runIf(places.includes('OPFS'))('says that the browser has lost a database', async () => {
    const result = await tab.evaluate(
      async ([write]) => {
        const { lab } = window;
        const storage = await lab.open('IndexedDB', 'lost');
        await storage.candles.write(write);
        await storage.close();
        await new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase('barkeep/lost');
          request.onsuccess = resolve;
          request.onerror = reject;
        });
        const refusals: { code: string; message: string }[] = [];
        for (const place of ['IndexedDB', 'browser'] as const) {
          refusals.push(await lab.rejection(() => lab.open(place, 'lost')));
          const persister = lab.persister(place, 'lost', { readOnly: true });
          refusals.push(await lab.rejection(() => lab.open(place, 'lost', { persister })));
        }
        await lab.persister('IndexedDB', 'lost').delete();
        const again = await lab.open('IndexedDB', 'lost');
        const { length } = await again.candles.read(write.key);
        await again.close();
        return { refusals, length };
      },
      [{ key: BTC, candles: minutes(0, 10) }] as const,
    );
    const lost = { code: 'CANNOT_OPEN', message: expect.stringContaining('has lost lost') };
    expect(result).toMatchObject({ refusals: [lost, lost, lost, lost], length: 0 });
  });

  it.runIf(!places.includes('OPFS'))('says at once why OPFS cannot be used', async () => {
    const refusal = await tab.evaluate(() =>
      window.lab.rejection(() => window.lab.open('OPFS', 'nowhere')),
    );
    expect(refusal).toMatchObject({
      code: 'CANNOT_OPEN',
      retryable: false,
      message: expect.stringMatching(/no OPFS here|SecurityError/),
      details: { path: 'nowhere' },
    });
  });

  it('names the script and the WebAssembly that cannot be loaded, and the next step', async () => {
    const refusals = await tab.evaluate(async () => {
      const { lab } = window;
      const bad = [
        { worker: './no.js' },
        { worker: './index.html' },
        { worker: new URL('http://127.0.0.1:1/foreign.js') },
        { worker: () => new Worker('./no.js', { type: 'module' }) },
        { wasmUrl: './no.wasm' },
        { wasmUrl: './index.html' },
      ];
      const found: { code: string; message: string }[] = [];
      for (const { worker, ...options } of bad) {
        const given = worker instanceof URL ? { worker: worker.href } : { worker };
        found.push(
          await lab.rejection(() => lab.open('IndexedDB', 'unloaded', { ...options, ...given })),
        );
      }
      return found;
    });
    expect(refusals.map(({ code }) => code)).toEqual(Array(6).fill('CANNOT_OPEN'));
    const messages = refusals.map(({ message }) => message);
    for (const message of messages.slice(0, 4)) {
      expect(message).toContain('Serve @barkeep/storage-sqljs/web-worker');
    }
    expect(messages).toMatchObject([
      expect.stringContaining(`${site.url}no.js`),
      expect.stringContaining(`${site.url}index.html`),
      expect.stringContaining('http://127.0.0.1:1/foreign.js'),
      expect.stringContaining('did not load'),
      expect.stringContaining(`${site.url}no.wasm: the server answered 404`),
      expect.stringContaining(`${site.url}index.html: the server answered with text/html`),
    ]);
    expect(await tab.evaluate(() => window.lab.silentWorker())).toContain('it does not answer');
    expect(await candlesOf(tab, 'IndexedDB', 'unloaded')).toEqual([]);
  });

  it('opens under a strict Content-Security-Policy, and names what one refuses', async () => {
    const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    const other = await openTab(site.underPolicy(strict));
    expect(await candlesOf(other, 'IndexedDB', 'strict')).toEqual([]);
    const refusalUnder = async (policy: string) => {
      await other.goto(site.underPolicy(policy));
      return other.evaluate(() =>
        window.lab.rejection(() => window.lab.open('IndexedDB', 'strict')),
      );
    };
    const code = 'CANNOT_OPEN';
    const message = (text: string) => expect.stringContaining(text);
    expect(await refusalUnder("default-src 'self'")).toMatchObject({
      code,
      message: message("'wasm-unsafe-eval' in script-src"),
    });
    expect(await refusalUnder("worker-src 'none'")).toMatchObject({
      code,
      message: message('allow it in worker-src'),
    });
    expect(await refusalUnder(`${strict}; connect-src 'none'`)).toMatchObject({
      code,
      message: message('in connect-src'),
    });
  });

  it('says in workers that cannot start workers that it needs one', async () => {
    const answers = await tab.evaluate(async () => [
      await window.lab.openInForeignWorker('service'),
      await window.lab.openInForeignWorker('shared'),
    ]);
    const refusal = /^UNSUPPORTED: .*Web Worker/;
    expect(answers[0]).toMatch(refusal);
    // Firefox starts workers in shared workers.
    expect(answers[1]).toMatch(/^opened$|^UNSUPPORTED: .*Web Worker/);
  });

  it('says how much the browser lets it store, as far as the browser says so', async () => {
    const [quota, isKept] = await tab.evaluate(async () => [
      await window.lab.browserQuota(),
      await window.lab.keepBrowserData(),
    ]);
    expect(isKept).toBeTypeOf('boolean');
    expect(quota).toHaveProperty('isPersistent');
  });

  it('refuses bad options', async () => {
    const refusals = await tab.evaluate(async () => {
      const { lab } = window;
      const persister = lab.persister('OPFS', 'x');
      const bad = [
        { persister, path: './x' },
        {},
        { persister, wasmUrl: 'http://[' },
        { persister, worker: 'http://[' },
        { persister: {} },
        { persister, url: './x' },
        { persister, onSaveError: 'console' },
      ];
      const making = bad.map((options) => () => new lab.SqlJsStorage(options as never));
      const naming = ['', 1, '\ud800'].map((name) => () => lab.persister('OPFS', name as string));
      const badly = [{ lockWaitMs: -1 }, { readOnly: 1 }, { signal: 'stop' }, { wait: 1 }];
      const choosing = badly.map(
        (options) => () => lab.persister('browser', 'x', options as never),
      );
      const found: { details: object }[] = [];
      for (const call of [...making, ...naming, ...choosing]) found.push(await lab.rejection(call));
      return found.map(({ details }) => Reflect.get(details, 'field'));
    });
    expect(refusals).toEqual([
      ...['path', 'persister', 'wasmUrl', 'worker', 'persister', 'options', 'onSaveError'],
      ...['name', 'name', 'name'],
      ...['lockWaitMs', 'readOnly', 'signal', 'options'],
    ]);
  });

  it.each(conformance)(
    'passes the conformance suite over %s: %s',
    async (place, prefixes) => {
      const report = await tab.evaluate(
        ([where, starts]) => window.lab.conformance(where, starts),
        [place, prefixes] as const,
      );
      expect(report.failed).toEqual([]);
      expect(report.passed).toBeGreaterThan(prefixes.includes('') ? 60 : 5);
    },
    LONG,
  );

  it.each(places)(
    'passes the conformance suite for persisters over %s, and over whichever can be used',
    async (place) => {
      for (const one of [place, 'browser'] as const) {
        const report = await tab.evaluate((it) => window.lab.persisterConformance(it), one);
        expect(report).toEqual({ passed: 3, failed: [] });
      }
    },
    LONG,
  );
}

/** Opens the database in a tab, reads all its candles, and closes it. */
export function candlesOf(tab: Pick<TestTab, 'evaluate'>, place: Place, name: string) {
  return tab.evaluate(
    async ([where, called, key]) => {
      const storage = await window.lab.open(where, called);
      const candles = (await storage.candles.read(key)).toArray();
      await storage.close();
      return candles;
    },
    [place, name, BTC] as const,
  );
}
