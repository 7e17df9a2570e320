import { chromium } from 'playwright-core';
import { describe } from 'vitest';
import type { TestBrowser, TestTab } from '../../../../tools/browsers/test-tab.ts';
import { browserLaunch, hasBrowser } from '../../../../tools/test-browser.ts';
import { isLong } from '../../../../tools/test-budget.ts';
import { describeInBrowser } from './every-browser.ts';

describe.skipIf(!hasBrowser('Chromium'))('in Chromium', () => {
  describeInBrowser({
    launch: launchChromium,
    places: ['OPFS', 'IndexedDB'],
    conformance: [
      ['OPFS', isLong ? [''] : ['storage/sizes/', 'storage/isolation/', 'storage/model/']],
      ['IndexedDB', ['storage/lifecycle/', 'storage/durability/', 'storage/model/']],
    ],
  });
});

async function launchChromium(): Promise<TestBrowser> {
  const browser = await chromium.launch(browserLaunch());
  const context = await browser.newContext();
  return {
    version: `Chromium ${browser.version()}`,
    newTab: async () => {
      const page = await context.newPage();
      // What Playwright's evaluate does with functions and values is what a tab promises.
      const evaluate = page.evaluate.bind(page) as TestTab['evaluate'];
      return {
        goto: async (url) => void (await page.goto(url)),
        reload: async () => void (await page.reload()),
        evaluate,
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}
