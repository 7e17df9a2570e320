import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A Chromium or Chrome of this machine: `CHROMIUM_PATH`, else wherever it usually is. */
export function findBrowser(): string | undefined {
  const { CHROMIUM_PATH = '' } = process.env;
  return [CHROMIUM_PATH, ...PLACES].find((path) => path !== '' && existsSync(path));
}

/** It runs as root in containers, and it talks to nobody but the page. */
export const BROWSER_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-gpu',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];
