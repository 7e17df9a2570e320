/**
 * Firefox over WebDriver BiDi, which it speaks without a driver of its own
 * (https://w3c.github.io/webdriver-bidi/).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { evaluateBy, type TestBrowser, type TestTab } from './test-tab.ts';

const LONGEST_START_MS = 60_000;

/** It talks to nobody but the page, and asks nothing. */
const PREFERENCES: Preferences = {
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};

export type Preferences = Readonly<Record<string, string | number | boolean>>;

/** Launches a Firefox with a profile of its own. */
export async function launchFirefox(
  executablePath: string,
  preferences: Preferences = {},
): Promise<TestBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'barkeep-firefox-'));
  const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const child = spawn(
    executablePath,
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const remove = async (): Promise<void> => {
    await ended(child);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const connection = await BidiConnection.open(`${await addressOf(child)}/session`);
    const { capabilities } = await connection.send('session.new', { capabilities: {} });
    const newTab = async (): Promise<TestTab> => {
      const { context } = await connection.send('browsingContext.create', { type: 'tab' });
      return tabOf(connection, String(context));
    };
    const close = async (): Promise<void> => {
      await connection.send('browser.close', {});
      await remove();
    };
    return { version: versionOf(capabilities), newTab, close };
  } catch (error) {
    child.kill('SIGKILL');
    await remove();
    throw error;
  }
}

function tabOf(connection: BidiConnection, context: string): TestTab {
  const run = async (expression: string): Promise<unknown> => {
    const target = { context };
    const answer = await connection.send('script.evaluate', {
      expression,
      target,
      awaitPromise: true,
    });
    if (isRecord(answer['result']) && answer['type'] === 'success')
      return answer['result']['value'];
    const details = answer['exceptionDetails'];
    throw new Error(isRecord(details) ? String(details['text']) : 'the page failed');
  };
  return {
    goto: async (url) => {
      await connection.send('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    reload: async () => {
      await connection.send('browsingContext.reload', { context, wait: 'complete' });
    },
    evaluate: evaluateBy(run),
    close: async () => {
      await connection.send('browsingContext.close', { context });
    },
  };
}

type Answer = Readonly<Record<string, unknown>>;

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Commands and their answers over one WebSocket. */
class BidiConnection {
  readonly #socket: WebSocket;
  readonly #pending = new Map<unknown, Pending>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#settle(JSON.parse(String(data))));
    socket.addEventListener('close', () => this.#fail());
  }

  static async open(url: string): Promise<BidiConnection> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`cannot connect to ${url}`)), {
        once: true,
      });
    });
    return new BidiConnection(socket);
  }

  send(method: string, params: object): Promise<Answer> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #settle({ id, type, result, error, message }: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (type === 'success') pending?.resolve(isRecord(result) ? result : {});
    else pending?.reject(new Error(`${error}: ${message}`));
  }

  #fail(): void {
    for (const { reject } of this.#pending.values()) reject(new Error('Firefox has gone'));
    this.#pending.clear();
  }
}

/** It prints where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`Firefox did not start: ${what}`));
    const timer = setTimeout(() => fail(`nothing in ${LONGEST_START_MS} ms`), LONGEST_START_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it exited with ${code}`));
    if (child.stderr === null) return fail('it has no stderr');
    createInterface(child.stderr).on('line', (line) => {
      const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? [];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

function versionOf(capabilities: unknown): string {
  return isRecord(capabilities) ? `Firefox ${capabilities['browserVersion']}` : 'Firefox';
}

function isRecord(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
}
