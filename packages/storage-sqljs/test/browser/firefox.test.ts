import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser, TestTab } from '../../../../tools/browsers/test-tab.ts';
import { hasBrowser, openFirefox } from '../../../../tools/test-browser.ts';
import { BTC, minutes } from '../temporary-database.ts';
import { candlesOf, describeInBrowser } from './every-browser.ts';
import { LabSite } from './lab-site.ts';

const LONG = 120_000;
/** A fifth of this is what a site may store. */
const LITTLE_ROOM = { 'dom.quotaManager.temporaryStorage.fixedLimit': 100_000 };
const PROMPTS = {
  'dom.storageManager.prompt.testing': true,
  'dom.storageManager.prompt.testing.allow': true,
};

describe.skipIf(!hasBrowser('Firefox'))('in Firefox', () => {
  describeInBrowser({
    launch: () => openFirefox({ ...PROMPTS, ...LITTLE_ROOM }),
    places: ['OPFS', 'IndexedDB'],
    conformance: [['OPFS', ['storage/sizes/', 'storage/durability/', 'storage/model/']]],
    hasLittleRoom: true,
  });
});

describe.skipIf(!hasBrowser('Firefox'))('in a private window of Firefox', () => {
  let site: LabSite;
  let browser: TestBrowser;
  let tab: TestTab;

  beforeAll(async () => {
    const PRIVATE = { 'browser.privatebrowsing.autostart': true };
    [site, browser] = await Promise.all([LabSite.start(), openFirefox(PRIVATE)]);
    tab = await browser.newTab();
    await tab.goto(site.url);
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  }, LONG);

  it('says at once why OPFS cannot be used, and keeps databases in IndexedDB', async () => {
    const refusal = await tab.evaluate(() =>
      window.lab.rejection(() => window.lab.open('OPFS', 'private')),
    );
    expect(refusal).toMatchObject({
      code: 'CANNOT_OPEN',
      retryable: false,
      message: expect.stringContaining('SecurityError'),
      details: { path: 'private' },
    });
    await tab.evaluate(
      async (write) => {
        const storage = await window.lab.open('browser', 'private');
        await storage.candles.write(write);
        await storage.close();
      },
      { key: BTC, candles: minutes(0, 10) },
    );
    expect(await candlesOf(tab, 'IndexedDB', 'private')).toEqual(minutes(0, 10));
    expect(await candlesOf(tab, 'browser', 'private')).toEqual(minutes(0, 10));
  });
});
