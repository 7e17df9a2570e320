/** The whole suite inside a page. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserLaunch, hasBrowser } from '../../../../tools/test-browser.ts';
import { LabSite } from './lab-site.ts';

const LONG = 120_000;

describe.skipIf(!hasBrowser())('storage conformance in a browser', () => {
  let site: LabSite;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    site = await LabSite.start();
    browser = await chromium.launch(browserLaunch());
    page = await site.open(await browser.newContext());
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it(
    'passes every scenario over OPFS',
    async () => {
      const report = await page.evaluate(() => window.lab.conformance('OPFS', ['']));
      expect(report.failed).toEqual([]);
      expect(report.passed).toBeGreaterThan(300);
      expect(report.skipped).toEqual([
        'storage/capabilities/integrity-undeclared',
        'storage/capabilities/maintenance-undeclared',
        'storage/capabilities/backup-declared',
        'storage/capabilities/revisions-undeclared',
      ]);
    },
    LONG,
  );

  it(
    'passes what concerns the place over IndexedDB',
    async () => {
      const prefixes = ['storage/lifecycle/', 'storage/reopen/', 'storage/model/'];
      const report = await page.evaluate(
        (keys) => window.lab.conformance('IndexedDB', keys),
        prefixes,
      );
      expect(report.failed).toEqual([]);
      expect(report.passed).toBeGreaterThan(20);
    },
    LONG,
  );
});
