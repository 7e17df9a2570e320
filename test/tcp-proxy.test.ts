import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TcpProxy } from '../tools/tcp-proxy.ts';

let echo: Server;
let proxy: TcpProxy;
let client: Socket;
let heard: string;

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.start((echo.address() as { port: number }).port);
  client = connect(proxy.port, '127.0.0.1');
  heard = '';
  client.on('data', (chunk) => {
    heard += chunk;
  });
  client.on('error', () => undefined);
  await once(client, 'connect');
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  echo.close();
});

it('keeps the order of bytes when the delay is lowered', async () => {
  proxy.delayMs = 200;
  client.write('first ');
  await expect.poll(() => proxy.received).toBeGreaterThan(0);
  proxy.delayMs = 0;
  client.write('second');
  await expect.poll(() => heard).toBe('first second');
});

it('loses replies and requests when it is told to', async () => {
  proxy.mode = 'drop-replies';
  client.write('a');
  // Request and reply have come, and only the first has gone on.
  await expect.poll(() => proxy.received).toBe(2);
  proxy.mode = 'blackhole';
  client.write('b');
  await expect.poll(() => proxy.received).toBe(3);
  proxy.mode = 'pass';
  client.write('c');
  await expect.poll(() => heard).toBe('c');
});

it('ends what is connected, and takes new connections', async () => {
  proxy.cut();
  await once(client, 'close');
  client = connect(proxy.port, '127.0.0.1');
  await once(client, 'connect');
  expect(proxy.accepted).toBe(2);
});
