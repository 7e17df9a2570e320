/** The tools that tests of Redis start from, which decide whether those run, are skipped or fail. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { hasRedisServer, startOwnTestRedis } from '../tools/test-redis.ts';

const tool = resolve(import.meta.dirname, '../tools/test-redis.ts');

describe('where there is no Redis', () => {
  const nowhere = mkdtempSync(join(tmpdir(), 'barkeep-empty-path-'));
  const without = { PATH: nowhere, CI: '', REDIS_URL: '' };

  it('tests are skipped, and one line says so', async () => {
    const run = await runTool('console.log(hasRedis(), hasRedisServer());', without);
    expect(run).toMatchObject({ exitCode: 0, stdout: 'false false\n' });
    expect(run.stderr).toBe('skipped the tests that start a Redis: no redis-server in PATH\n');
  });

  it('tests fail in CI', async () => {
    const run = await runTool('hasRedis();', { ...without, CI: 'true' });
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toContain('no redis-server in PATH: CI runs the Redis tests');
  });

  it('REDIS_URL is enough for tests that start no server', async () => {
    const code = `
      const { url, stop } = await startTestRedis();
      await stop();
      console.log(hasRedis(), hasRedisServer(), url);
    `;
    const run = await runTool(code, { ...without, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(run.stdout).toBe('true false redis://127.0.0.1:1\n');
    rmSync(nowhere, { recursive: true });
  });
});

describe.skipIf(!hasRedisServer())('a server of our own', () => {
  it('can be killed and started again on its port', async () => {
    const redis = await startOwnTestRedis();
    const { port } = redis;
    await expect(isListening(port)).resolves.toBe(true);
    await redis.kill();
    await expect(isListening(port)).resolves.toBe(false);
    await redis.start();
    await expect(isListening(port)).resolves.toBe(true);
    await redis.stop();
    await expect(isListening(port)).resolves.toBe(false);
  });

  it('a start that fails says why, and holds nobody', async () => {
    const code = `
      const redis = await startOwnTestRedis();
      await redis.kill();
      const other = createServer();
      await new Promise((resolve) => other.listen(redis.port, '127.0.0.1', resolve));
      await redis.start().catch(({ message }) => console.log(message));
      other.close();
      await redis.stop();
    `;
    const { stdout, exitCode, ms } = await runTool(code);
    expect(stdout).toContain('Address already in use');
    expect({ exitCode, isEarly: ms < 9_000 }).toEqual({ exitCode: 0, isEarly: true });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('ends with a process that gets %s', async (signal) => {
    const code = `
      const redis = await startOwnTestRedis();
      console.log(redis.port, redis.directory);
      setInterval(() => undefined, 1_000);
    `;
    const child = startTool(code);
    const [port, directory] = await new Promise<string[]>((resolvePort) => {
      child.stdout.once('data', (chunk: Buffer) => resolvePort(`${chunk}`.trim().split(' ')));
    });
    child.kill(signal);
    await expect.poll(() => isListening(Number(port)), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => existsSync(directory ?? ''), { timeout: 10_000 }).toBe(false);
  });
});

function startTool(code: string, env: NodeJS.ProcessEnv = {}) {
  const names = 'hasRedis, hasRedisServer, startOwnTestRedis, startTestRedis';
  const imports = `
    import { createServer } from 'node:net';
    import { ${names} } from ${JSON.stringify(tool)};
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript'], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(`${imports}\n${code}`);
  return child;
}

async function runTool(
  code: string,
  env?: NodeJS.ProcessEnv,
): Promise<{ stdout: string; stderr: string; exitCode: number | null; ms: number }> {
  const start = performance.now();
  const child = startTool(code, env);
  const ended = new Promise<number | null>((resolveEnd) => child.once('close', resolveEnd));
  const [stdout, stderr, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  return { stdout, stderr, exitCode, ms: performance.now() - start };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolveListening) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolveListening(true);
    });
    socket.once('error', () => resolveListening(false));
  });
}
