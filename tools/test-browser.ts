/**
 * The browsers that tests run in. Chromium is driven with playwright-core, Firefox and WebKit by what is in
 * `browsers`. Without one its tests are skipped; in CI that fails for Chromium and Firefox:
 *
 *     describe.skipIf(!hasBrowser('Firefox'))('…', () => { … });
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { launchFirefox, type Preferences } from './browsers/firefox.ts';
import type { TestBrowser } from './browsers/test-tab.ts';
import { launchWebKit } from './browsers/webkit.ts';

export type BrowserName = 'Chromium' | 'Firefox' | 'WebKit';

/** Programs by name, in the order in which they are looked for: a variable, then PATH, then places. */
const PROGRAMS = {
  chromium: [
    '$CHROMIUM_PATH',
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    '/opt/google/chrome/chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  firefox: [
    '$FIREFOX_PATH',
    'firefox-esr',
    'firefox',
    '/Applications/Firefox.app/Contents/MacOS/firefox',
  ],
  webKitDriver: ['$WEBKIT_DRIVER_PATH', 'WebKitWebDriver'],
  display: ['broadwayd'],
} as const;
type Program = keyof typeof PROGRAMS;

const NEEDED: Readonly<Record<BrowserName, readonly Program[]>> = {
  Chromium: ['chromium'],
  Firefox: ['firefox'],
  WebKit: ['webKitDriver', 'display'],
};
const HINTS: Readonly<Record<BrowserName, string>> = {
  Chromium: 'no Chromium or Chrome: install one, or set CHROMIUM_PATH',
  Firefox: 'no Firefox: install firefox-esr, or set FIREFOX_PATH',
  WebKit: 'no WebKitGTK to drive: install webkit2gtk-driver and libgtk-3-bin',
};

/** It runs as root in containers, and it talks to nobody but the page. */
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-gpu',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Whether tests have this browser; says so in one line where they have not.
 * @throws Error without a Chromium or a Firefox when `CI` is `true`.
 */
export function hasBrowser(name: BrowserName = 'Chromium'): boolean {
  if (NEEDED[name].every((program) => find(program) !== undefined)) return true;
  if (process.env['CI'] === 'true' && name !== 'WebKit') {
    throw new Error(`${HINTS[name]}. CI runs the tests in it`);
  }
  console.warn(`skipped the tests in ${name}: ${HINTS[name]}`);
  return false;
}

/** What playwright-core is to launch as Chromium. @throws Error where `hasBrowser` is false. */
export function browserLaunch(): { readonly executablePath: string; readonly args: string[] } {
  return { executablePath: found('chromium'), args: [...CHROMIUM_ARGUMENTS] };
}

/** A Firefox with a new profile. @throws Error where `hasBrowser` is false. */
export function openFirefox(preferences?: Preferences): Promise<TestBrowser> {
  return launchFirefox(found('firefox'), preferences);
}

/** A WebKitGTK whose data goes with it. @throws Error where `hasBrowser` is false. */
export function openWebKit(): Promise<TestBrowser> {
  return launchWebKit({ driver: found('webKitDriver'), display: found('display') });
}

function found(program: Program): string {
  const path = find(program);
  if (path === undefined) throw new Error(`no ${program} here`);
  return path;
}

function find(program: Program): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return PROGRAMS[program]
    .flatMap((name) => {
      if (name.startsWith('$')) return [process.env[name.slice(1)] ?? ''];
      return name.startsWith('/') ? [name] : folders.map((folder) => join(folder, name));
    })
    .find((path) => path !== '' && existsSync(path));
}
