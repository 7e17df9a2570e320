import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

const LONGEST_START_MS = 10_000;

/** A Redis server of the benchmark's own, without persistence, that ends with it. */
export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Why there can be no such server here, or `undefined`. */
export function missingRedisServer(): string | undefined {
  const { status } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'no redis-server in PATH';
}

export async function startRedisServer(directory: string): Promise<RedisServer> {
  const port = await freePort();
  const server = spawn(
    'redis-server',
    [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', '', '--appendonly', 'no'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const onExit = (): void => void server.kill('SIGKILL');
  process.once('exit', onExit);
  await isReady(server);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      process.off('exit', onExit);
      const ended = new Promise((resolve) => server.once('exit', resolve));
      if (server.kill('SIGKILL')) await ended;
    },
  };
}

function isReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (): void => {
      clearTimeout(timer);
      reject(new Error(`redis-server did not start\n${output}`));
    };
    const timer = setTimeout(fail, LONGEST_START_MS);
    server.once('error', fail);
    server.once('exit', fail);
    server.stdout?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-4_000);
      if (!output.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      server.off('exit', fail);
      resolve();
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
