/**
 * A Redis for tests: the server of `REDIS_URL`, else `redis-server` from PATH on a free port, without
 * persistence and in a temporary directory. Start one per test file and stop it in `afterAll`; tests
 * that share it keep apart by key prefix. Without any Redis such tests are skipped, in CI they fail:
 *
 *     describe.skipIf(!hasRedis())('…', () => { … });
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Another process may take a free port before the server does. */
const MOST_ATTEMPTS = 5;
const LONGEST_MEETING_MS = 25_000;
const MEET_AGAIN_MS = 5_000;
const LONGEST_START_MS = 10_000;
const LAST_SLOT = 16_383;

/**
 * Keeps the server only as long as this process lives, however that ends: the pipe at 3 closes with it.
 * When the server has ended, its directory goes.
 */
const GUARD = `
redis-server "$@" 3<&- &
server=$!
{ read -r _ <&3; kill -9 "$server"; } 2> /dev/null > /dev/null &
wait "$server"
rm -rf "$BARKEEP_TEST_REDIS"
`;

export interface TestRedis {
  readonly url: string;
  /** Ends the server if it is ours, and removes its files. */
  stop(): Promise<void>;
}

/** A server of our own, which a test may kill and start again on the same port. */
export interface OwnTestRedis extends TestRedis {
  readonly port: number;
  /** The server's own, which goes when it ends. */
  readonly directory: string;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface TestRedisCluster {
  /** Three masters with a third of the slots each. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  stop(): Promise<void>;
}

let reported = false;

/**
 * Whether tests have a Redis; says so in one line where they have none.
 * @throws Error without one when `CI` is `true`.
 */
export function hasRedis(): boolean {
  return Boolean(process.env['REDIS_URL']) || hasRedisServer();
}

/** The same for tests that must start servers of their own: to kill them, or to make a cluster. */
export function hasRedisServer(): boolean {
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0) return true;
  const what = 'no redis-server in PATH';
  if (process.env['CI'] === 'true') throw new Error(`${what}: CI runs the Redis tests`);
  if (!reported) console.warn(`skipped the tests that start a Redis: ${what}`);
  reported = true;
  return false;
}

/** The Redis of `REDIS_URL`, whose other keys are not ours to touch, or a server of our own. */
export async function startTestRedis(): Promise<TestRedis> {
  const url = process.env['REDIS_URL'];
  return url ? { url, stop: async () => undefined } : startOwnTestRedis();
}

export async function startOwnTestRedis(): Promise<OwnTestRedis> {
  return RedisProcess.startOnFreePort(() => []);
}

export async function startTestRedisCluster(): Promise<TestRedisCluster> {
  const started = await Promise.allSettled(Array.from({ length: 3 }, startClusterNode));
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
  };
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    await formCluster(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes: nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port })), stop };
}

interface ClusterNode {
  readonly server: RedisProcess;
  readonly busPort: number;
}

async function startClusterNode(): Promise<ClusterNode> {
  let busPort = 0;
  const server = await RedisProcess.startOnFreePort(async () => {
    busPort = await freePort();
    return ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`];
  });
  return { server, busPort };
}

async function formCluster(nodes: readonly ClusterNode[]): Promise<void> {
  const share = Math.ceil((LAST_SLOT + 1) / nodes.length);
  for (const [i, { server }] of nodes.entries()) {
    const last = Math.min(LAST_SLOT, (i + 1) * share - 1);
    await ask(server.port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    await ask(server.port, `CLUSTER ADDSLOTSRANGE ${i * share} ${last}`);
  }
  const [first, ...others] = nodes;
  if (first === undefined) return;
  const meet = async (): Promise<void> => {
    for (const { server, busPort } of others) {
      await ask(first.server.port, `CLUSTER MEET 127.0.0.1 ${server.port} ${busPort}`);
    }
  };
  await meet();
  const start = Date.now();
  let met = start;
  for (const { server } of nodes) {
    while (!(await isClusterReady(server.port, nodes.length))) {
      if (Date.now() > start + LONGEST_MEETING_MS) {
        throw new Error('the Redis cluster did not become ready');
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      // On a busy machine a handshake may run out of time, and then nobody tries again.
      if (Date.now() > met + MEET_AGAIN_MS) {
        await meet();
        met = Date.now();
      }
    }
  }
}

async function isClusterReady(port: number, nodes: number): Promise<boolean> {
  const info = await ask(port, 'CLUSTER INFO');
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes}`);
}

class RedisProcess implements OwnTestRedis {
  readonly port: number;
  readonly #options: readonly string[];
  readonly directory: string = mkdtempSync(join(tmpdir(), 'barkeep-redis-'));
  #guard: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
  }

  static async startOnFreePort(
    options: () => readonly string[] | Promise<readonly string[]>,
  ): Promise<RedisProcess> {
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisProcess(await freePort(), await options());
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.stop();
        if (attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    if (this.#guard !== undefined) throw new Error('the test Redis runs already');
    mkdirSync(this.directory, { recursive: true });
    const options = [
      ...['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.directory],
      ...['--save', '', '--appendonly', 'no', ...this.#options],
    ];
    const guard = spawn('sh', ['-c', GUARD, 'guard', ...options], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      env: { ...process.env, BARKEEP_TEST_REDIS: this.directory },
    });
    this.#guard = guard;
    try {
      await isReady(guard);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async kill(): Promise<void> {
    const guard = this.#guard;
    this.#guard = undefined;
    if (guard?.pid === undefined) return;
    const ended = new Promise((resolve) => guard.once('exit', resolve));
    const pipe = guard.stdio[3];
    if (pipe !== null && pipe !== undefined && 'destroy' in pipe) pipe.destroy();
    if (guard.exitCode === null && guard.signalCode === null) await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** @throws Error with what the server said, when it ended or was not ready in time. */
function isReady(guard: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const settle = (isGood: boolean): void => {
      clearTimeout(timer);
      guard.off('error', fail);
      guard.off('exit', fail);
      if (isGood) resolve();
      else reject(new Error(`redis-server did not start\n${output}`));
    };
    const fail = (): void => settle(false);
    const timer = setTimeout(fail, LONGEST_START_MS);
    guard.once('error', fail);
    guard.once('exit', fail);
    guard.stdout?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-4_000);
      if (output.includes('Ready to accept connections')) settle(true);
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

/** Sends one inline command and gives its raw reply: tools need no Redis client. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\nQUIT\r\n`));
    let reply = '';
    socket.setTimeout(LONGEST_START_MS, () => socket.destroy(new Error(`no reply to ${command}`)));
    socket.on('data', (chunk) => {
      reply += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (reply.startsWith('-')) reject(new Error(`${command}: ${reply}`));
      else resolve(reply);
    });
  });
}
