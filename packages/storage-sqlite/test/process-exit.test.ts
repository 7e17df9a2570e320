import { expect, it } from 'vitest';
import { ChildProcess } from './child-process.ts';
import { openStorage, temporaryPath } from './temporary-database.ts';

it('lets the process end by itself after close', async () => {
  const child = new ChildProcess('leave-open.ts', [temporaryPath(), 'close']);
  expect(await child.line()).toBe('closed');
  expect(await child.exitCode()).toBe(0);
});

it('lets the process end by itself when nobody closed it, and loses nothing', async () => {
  const path = temporaryPath();
  const child = new ChildProcess('leave-open.ts', [path, 'forget']);
  expect(await child.line()).toBe('1');
  expect(await child.exitCode()).toBe(0);
  const storage = await openStorage(path);
  expect(await storage.metadata.get('note')).toBe(1);
});
