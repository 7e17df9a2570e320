/** WebKitGTK over WebDriver (https://www.w3.org/TR/webdriver2/), on a display that nobody sees. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateBy, type TestBrowser, type TestTab } from './test-tab.ts';

const LONGEST_SCRIPT_MS = 120_000;
const LONGEST_START_MS = 30_000;

export interface WebKitPaths {
  /** `WebKitWebDriver` of Debian's `webkit2gtk-driver`. */
  readonly driver: string;
  /** `broadwayd` of `libgtk-3-bin`: GTK's own display server, for machines without a screen. */
  readonly display: string;
}

/** Launches WebKitGTK's MiniBrowser in a session that leaves nothing behind. */
export async function launchWebKit({ driver, display }: WebKitPaths): Promise<TestBrowser> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-webkit-'));
  const port = await freePort();
  // The display is a socket in here, so that two of them never meet.
  const env = {
    ...process.env,
    XDG_RUNTIME_DIR: directory,
    GDK_BACKEND: 'broadway',
    BROADWAY_DISPLAY: ':1',
  };
  const options = { env, stdio: 'ignore' } as const;
  const children = [
    spawn(display, ['--unixsocket', join(directory, 'http.socket'), ':1'], options),
    spawn(driver, [`--port=${port}`], options),
  ];
  const stop = async (): Promise<void> => {
    for (const child of children) child.kill();
    await Promise.all(children.map(ended));
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const url = `http://127.0.0.1:${port}`;
    await untilReady(url);
    const opened = await command(`${url}/session`, 'POST', { capabilities: {} });
    const session = new WebDriverSession(`${url}/session/${opened['sessionId']}`);
    await session.send('POST', '/timeouts', { script: LONGEST_SCRIPT_MS });
    const newTab = async (): Promise<TestTab> => {
      const { handle } = await session.send('POST', '/window/new', { type: 'tab' });
      return tabOf(session, String(handle));
    };
    const close = async (): Promise<void> => {
      await session.send('DELETE', '', undefined).finally(stop);
    };
    return { version: versionOf(opened['capabilities']), newTab, close };
  } catch (error) {
    await stop();
    throw error;
  }
}

function tabOf(session: WebDriverSession, handle: string): TestTab {
  const run = async (expression: string): Promise<unknown> => {
    const script = `const done = arguments[0]; (async () => ${expression})().then(
      (text) => done({ text }), (error) => done({ error: String(error) + '\\n' + error?.stack }))`;
    const { text, error } = await session.inWindow(handle, 'POST', '/execute/async', {
      script,
      args: [],
    });
    if (error !== undefined) throw new Error(`the page failed: ${error}`);
    return text;
  };
  return {
    goto: async (url) => {
      await session.inWindow(handle, 'POST', '/url', { url });
    },
    reload: async () => {
      await session.inWindow(handle, 'POST', '/refresh', {});
    },
    evaluate: evaluateBy(run),
    close: async () => {
      await session.inWindow(handle, 'DELETE', '/window', undefined);
    },
  };
}

type Answer = Readonly<Record<string, unknown>>;

/** Commands of one session, one after the other: they go to the window that is current. */
class WebDriverSession {
  readonly #url: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
  }

  send(method: string, path: string, body: object | undefined): Promise<Answer> {
    return this.#inTurn(() => command(`${this.#url}${path}`, method, body));
  }

  inWindow(
    handle: string,
    method: string,
    path: string,
    body: object | undefined,
  ): Promise<Answer> {
    return this.#inTurn(async () => {
      await command(`${this.#url}/window`, 'POST', { handle });
      return command(`${this.#url}${path}`, method, body);
    });
  }

  #inTurn(work: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#last.then(work, work);
    this.#last = turn;
    return turn;
  }
}

async function command(url: string, method: string, body: object | undefined): Promise<Answer> {
  const response = await fetch(url, {
    method,
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(LONGEST_SCRIPT_MS + 10_000),
  });
  const answer: unknown = await response.json();
  const value = isRecord(answer) && isRecord(answer['value']) ? answer['value'] : {};
  if (!response.ok) throw new Error(`${value['error']}: ${value['message']}`);
  return value;
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + LONGEST_START_MS;
  for (;;) {
    try {
      await command(`${url}/status`, 'GET', undefined);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

function versionOf(capabilities: unknown): string {
  return isRecord(capabilities) ? `WebKitGTK ${capabilities['browserVersion']}` : 'WebKitGTK';
}

function isRecord(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
}
