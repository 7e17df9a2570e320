/**
 * A Chromium or Chrome for tests, driven with playwright-core. Without one such tests are skipped, in CI
 * they fail:
 *
 *     describe.skipIf(!hasBrowser())('…', () => { … });
 */
import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** It runs as root in containers, and it talks to nobody but the page. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-gpu',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Whether tests have a browser; says so in one line where they have none.
 * @throws Error without one when `CI` is `true`.
 */
export function hasBrowser(): boolean {
  if (findBrowser() !== undefined) return true;
  const what = 'no Chromium or Chrome: install one, or set CHROMIUM_PATH';
  if (process.env['CI'] === 'true') throw new Error(`${what}. CI runs the tests in a browser`);
  console.warn(`skipped the tests in a browser: ${what}`);
  return false;
}

/** What playwright-core is to launch. @throws Error where `hasBrowser` is false. */
export function browserLaunch(): { readonly executablePath: string; readonly args: string[] } {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error('no Chromium or Chrome');
  return { executablePath, args: [...ARGUMENTS] };
}

/** `CHROMIUM_PATH`, else wherever it usually is. */
function findBrowser(): string | undefined {
  const { CHROMIUM_PATH = '' } = process.env;
  return [CHROMIUM_PATH, ...PLACES].find((path) => path !== '' && existsSync(path));
}
