/** The page in a real browser. Without one, it is skipped; under CI, that is a failure. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Candle } from '@barkeep/core';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserLaunch, hasBrowser } from '../../../../tools/test-browser.ts';
import { SimulatedExchange } from '../../src/exchange/simulated-exchange.ts';
import { DemoProcess } from '../demo-process.ts';

const LONG = 120_000;
const MINUTE = 60_000;
const KEY = { symbol: 'KRW-BTC', timeframe: '1m' } as const;

describe.skipIf(!hasBrowser())('the page in a browser', () => {
  let folder: string;
  let demo: DemoProcess;
  let url: string;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barkeep-demo-'));
    demo = new DemoProcess(['--days', '3', '--port', '0'], folder, folder);
    url = await demo.url();
    browser = await chromium.launch(browserLaunch());
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    expect(await demo?.interrupt()).toBe(0);
    await rm(folder, { recursive: true });
  }, LONG);

  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => {
      // A page that is left or reloaded gives up its stream of events.
      if (!request.url().includes('/events')) complaints.push(`failed: ${request.url()}`);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) complaints.push(`asked elsewhere: ${request.url()}`);
    });
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  it(
    'draws candles, the ticker, the book and trades',
    async () => {
      await page.goto(`${url}#KRW-BTC/1m`);
      await page.locator('#trades li').first().waitFor();
      expect(await page.locator('#asks li').count()).toBe(15);
      expect(await page.locator('#bids li').count()).toBe(15);
      expect(await page.locator('#price').textContent()).toMatch(/^\d{2,3},\d{3},\d{3}$/);
      expect(await page.locator('#markets button').count()).toBe(5);
      expect(await page.locator('#answer').textContent()).toMatch(/^600 candles in /);
      const colours = await coloursOfChart(page);
      expect(colours.up).toBeGreaterThan(100);
      expect(colours.down).toBeGreaterThan(100);
    },
    LONG,
  );

  it(
    'shows what happens while it happens',
    async () => {
      await page.goto(`${url}#KRW-BTC/1m`);
      await page.locator('#trades li').first().waitFor();
      const before = await page.locator('#bids').textContent();
      // Only trades that arrive live are marked as fresh.
      await page.locator('#trades li.fresh').first().waitFor({ timeout: LONG });
      await page.waitForFunction(
        (old) => document.querySelector('#bids')?.textContent !== old,
        before,
      );
      expect(await page.locator('#connection').textContent()).toBe('live');
    },
    LONG,
  );

  it(
    'fetches older candles as its reader scrolls back',
    async () => {
      await page.goto(`${url}#KRW-SOL/1m`);
      await page.locator('#trades li').first().waitFor();
      const answer = page.waitForResponse((response) => response.url().includes('&to='));
      let answered = false;
      void answer.then(() => {
        answered = true;
      });
      await page.locator('#chart').hover();
      while (!answered) await page.mouse.wheel(-600, 0);
      const { candles } = await (await answer).json();
      expect(candles).toHaveLength(600);
      expect((await coloursOfChart(page)).up).toBeGreaterThan(50);
    },
    LONG,
  );

  it(
    'switches markets and timeframes, and keeps the choice in its address',
    async () => {
      await page.goto(url);
      await page.locator('#trades li').first().waitFor();
      await page.getByRole('button', { name: 'KRW-ETH' }).click();
      await page.getByRole('button', { name: '1h' }).click();
      await page.waitForFunction(() => document.title.includes('KRW-ETH'));
      expect(page.url()).toBe(`${url}#KRW-ETH/1h`);
      await page.waitForFunction(() =>
        document.querySelector('#legend')?.textContent?.includes(':00'),
      );
      expect((await coloursOfChart(page)).down).toBeGreaterThan(50);
    },
    LONG,
  );

  it(
    'explains what would be done to the database, does it, and shows the record',
    async () => {
      await page.goto(url);
      await page.locator('#trades li').first().waitFor();
      await page.getByRole('button', { name: 'Database' }).click();
      const vacuum = page.locator('#database-plan > li').first();
      await vacuum.waitFor();
      expect(await vacuum.textContent()).toContain('more than 1000 pages are free');
      expect(await page.locator('#database-facts').textContent()).toMatch(/candles.*pages/);
      for (const [button, run] of [
        ['Back up', /Back up.*done.*verified/],
        ['Verify', /Check everything.*done.*in order/],
      ] as const) {
        await page.getByRole('button', { name: button }).click();
        await page.waitForFunction(
          (name) =>
            document.querySelector('#database-note')?.textContent?.startsWith(`${name}: done`),
          button,
        );
        const latest = page.locator('#database-runs > li').first();
        expect(await latest.textContent()).toMatch(run);
        expect(await latest.locator('.reason').textContent()).toBe('it was asked for');
      }
      await page.getByRole('button', { name: 'Close' }).click();
      expect(await page.locator('#database').isVisible()).toBe(false);
    },
    LONG,
  );

  it(
    'turns light and dark, and swaps the colours of rising and falling',
    async () => {
      await page.goto(url);
      await page.locator('#trades li').first().waitFor();
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await background();
      await page.locator('#theme').click();
      expect(await background()).not.toBe(dark);
      const up = () =>
        page.evaluate(
          () => getComputedStyle(document.querySelector('#palette .up') as Element).color,
        );
      const green = await up();
      await page.locator('#palette').click();
      expect(await up()).not.toBe(green);
      expect((await coloursOfChart(page)).up).toBeGreaterThan(100);
    },
    LONG,
  );

  it(
    'shows how the exchange is lost and found again, and lacks nothing afterwards',
    async () => {
      await page.goto(`${url}#KRW-BTC/1m`);
      await page.locator('#trades li').first().waitFor();
      const state = page.getByRole('status');
      await expectText(state, /^connected since \d\d:\d\d:\d\d$/);
      await page.getByRole('button', { name: 'Cut the connection' }).click();
      await page.getByRole('button', { name: /^Cut, for \d+ s more$/ }).waitFor();
      await expectText(state, /^reconnecting since \d\d:\d\d:\d\d$/);
      expect(await page.locator('#exchange-state').getAttribute('data-state')).toBe('lost');
      await expectText(state, /^connected since/);
      await page.getByRole('button', { name: 'Cut the connection' }).waitFor();

      const exchange = new SimulatedExchange();
      await vi.waitFor(async () => {
        const drawn = await candlesDrawn(page);
        const range = `from=${drawn.from}&to=${drawn.to}`;
        const answer = await fetch(`${url}api/candles?symbol=KRW-BTC&timeframe=1m&${range}`);
        const { candles, missingPeriods } = await answer.json();
        expect(missingPeriods).toBe(0);
        expect(candles).toHaveLength(drawn.count);
        const traded = (await exchange.candlePage({ ...KEY, to: drawn.to })).reverse();
        // The last one is in the making.
        const volumes = traded.slice(0, -1).map(({ volume }) => volume);
        expect(candles.slice(-traded.length, -1).map(({ volume }: Candle) => volume)).toEqual(
          volumes,
        );
      }, 10_000);
    },
    LONG,
  );

  it(
    'has no sideways scrolling on a phone',
    async () => {
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(url);
      await page.locator('#trades li').first().waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
    },
    LONG,
  );
});

async function expectText(element: Locator, text: RegExp): Promise<void> {
  await element.filter({ hasText: text }).waitFor({ timeout: LONG });
}

/** What the chart says of itself in words: how many candles, and the minutes of the first and last. */
async function candlesDrawn(page: Page) {
  const label = (await page.locator('#chart').getAttribute('aria-label')) ?? '';
  const [, count, from, to] = /: (\d+) candles from (.+) to (.+)$/.exec(label) ?? [];
  const minute = (text = ''): number => Date.parse(`${text.replace(' ', 'T')}Z`);
  return { count: Number(count), from: minute(from), to: minute(to) + MINUTE };
}

/** How many pixels of the chart have the colours of rising and falling candles. */
function coloursOfChart(page: Page): Promise<{ readonly up: number; readonly down: number }> {
  return page.evaluate(() => {
    const wanted = (name: string): string => {
      const probe = document.querySelector(`#palette .${name}`) ?? document.body;
      return (getComputedStyle(probe).color.match(/\d+/g) ?? []).slice(0, 3).join();
    };
    const [up, down] = [wanted('up'), wanted('down')];
    const found = { up: 0, down: 0 };
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>('#chart canvas')) {
      const context = canvas.getContext('2d');
      if (context === null || canvas.width === 0 || canvas.height === 0) continue;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) {
        const pixel = `${data[i]},${data[i + 1]},${data[i + 2]}`;
        if (pixel === up) found.up += 1;
        else if (pixel === down) found.down += 1;
      }
    }
    return found;
  });
}
