import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { buildPage, servePage } from './built-page.ts';

/** Building takes a second: a file with several sites builds them once. */
let building: ReturnType<typeof buildPage> | undefined;

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
    building ??= buildPage();
    return LabSite.#serve(await building);
  }

  static async #serve(files: LabSite['files']): Promise<LabSite> {
    const { url, close } = await servePage(files);
    return new LabSite(url, files, close);
  }

  /** The same pages at another origin, where nothing is stored. */
  elsewhere(): Promise<LabSite> {
    return LabSite.#serve(this.files);
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
