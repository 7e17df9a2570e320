import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { buildPage, servePage } from './built-page.ts';

/** The page of the tests on a port of localhost. */
export class LabSite {
  readonly url: string;
  /** What was served, by name. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly #close: () => Promise<void>;

  private constructor(
    url: string,
    files: ReadonlyMap<string, string | Uint8Array>,
    close: () => Promise<void>,
  ) {
    this.url = url;
    this.files = files;
    this.#close = close;
  }

  static async start(): Promise<LabSite> {
    const files = await buildPage();
    const { url, close } = await servePage(files);
    return new LabSite(url, files, close);
  }

  /** A tab with the page. What its console complains about fails the test. */
  async open(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => expect.unreachable(`the page failed: ${error.stack}`));
    await page.goto(this.url);
    return page;
  }

  /** The address of the page with a Content-Security-Policy. */
  underPolicy(policy: string): string {
    return `${this.url}policy/${encodeURIComponent(policy)}/`;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
