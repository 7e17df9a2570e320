import { expect, it } from 'vitest';
import { ExclusiveLock } from '../src/browser/exclusive-lock.ts';

// Node has Web Locks from version 24.5 on.
it.skipIf(!('locks' in navigator))('is let go although it was asked for twice', async () => {
  const name = `barkeep-test-${process.pid}`;
  const lock = new ExclusiveLock(name, 'data');
  const taken = lock.take({ waitMs: 1_000 });
  await expect(lock.take({ waitMs: 1_000 })).rejects.toMatchObject({
    code: 'BUSY',
    retryable: true,
  });
  await taken;
  lock.assertHeld();
  await lock.release();
  const next = new ExclusiveLock(name, 'data');
  await next.take({ waitMs: 1_000 });
  await next.release();
});
