import { KeyvCache, type KeyvLike } from '@barkeep/cache-keyv';
import { BarkeepError } from '@barkeep/core';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FAULTS, FaultyBatchStore, FaultyStore } from './faulty-store.ts';

/** Made as a user makes them who knows nothing of `throwOnErrors`. */
const MAKERS: Readonly<Record<string, () => [FaultyStore, KeyvLike]>> = {
  'Keyv 5': () => withStore(new FaultyStore(), (store) => new Keyv5({ store })),
  'Keyv 5, batches': () => withStore(new FaultyBatchStore(), (store) => new Keyv5({ store })),
  'Keyv 5, throwing': () =>
    withStore(new FaultyStore(), (store) => new Keyv5({ store, throwOnErrors: true })),
  'Keyv 6': () => withStore(new FaultyStore(), (store) => new Keyv({ store })),
  'Keyv 6, batches': () => withStore(new FaultyBatchStore(), (store) => new Keyv({ store })),
};

function withStore<S extends FaultyStore>(
  store: S,
  make: (store: S) => KeyvLike,
): [FaultyStore, KeyvLike] {
  return [store, make(store)];
}

async function openCache(keyv: KeyvLike, onReadFailure: 'miss' | 'throw'): Promise<KeyvCache> {
  const cache = new KeyvCache({ keyv, onReadFailure, timeoutMs: 20 });
  await cache.open();
  onTestFinished(() => cache.close());
  return cache;
}

describe.each(Object.entries(MAKERS))('%s', (_, make) => {
  it.each(FAULTS)(
    'on a store that %s, writes are errors and reads are counted misses',
    async (fault) => {
      const [store, keyv] = make();
      const cache = await openCache(keyv, 'miss');
      await cache.set('a', 1, { tags: ['t'] });
      await cache.set('b', 2);

      store.fault = fault;
      const code = fault === 'hangs' ? 'TIMEOUT' : 'UNAVAILABLE';
      const writes = [
        () => cache.set('a', 3),
        () => cache.setMany([{ key: 'c', value: 4 }]),
        () => cache.invalidate({ tags: ['t'] }),
        () => cache.invalidate({ prefix: 'a' }),
        () => cache.clear(),
      ];
      for (const write of writes) await expectFailure(write, code);
      if (fault !== 'refuses') {
        await expectFailure(() => cache.delete('b'), code);
        await expectFailure(() => cache.keys(), code);
        expect(await cache.get('a')).toBeUndefined();
        expect(await cache.getMany(['a', 'b'])).toEqual([undefined, undefined]);
      }

      store.fault = undefined;
      expect((await cache.stats()).failures).toBe(fault === 'refuses' ? 0 : 2);
      expect(await cache.getMany(['a', 'b', 'c'])).toEqual([1, 2, undefined]);
      await cache.set('a', 5, { tags: ['t'] });
      expect(await cache.get('a')).toBe(5);
      expect(await cache.invalidate({ tags: ['t'] })).toBe(1);
      expect(await cache.get('a')).toBeUndefined();
    },
  );

  it.each(FAULTS)('on a store that %s, reads are errors where that is asked for', async (fault) => {
    const [store, keyv] = make();
    const cache = await openCache(keyv, 'throw');
    await cache.set('a', 1);
    store.fault = fault;
    if (fault === 'refuses') expect(await cache.get('a')).toBe(1);
    else await expectFailure(() => cache.get('a'), fault === 'hangs' ? 'TIMEOUT' : 'UNAVAILABLE');
  });

  it('does not open over a store that fails, and leaves no listener', async () => {
    const [store, keyv] = make();
    store.fault = 'rejects';
    const cache = new KeyvCache({ keyv });
    await expectFailure(() => cache.open(), 'UNAVAILABLE');
    expect(listenersOf(keyv)).toBe(0);
  });

  it('disconnects a Keyv of its own over which it could not open', async () => {
    const [store, keyv] = make();
    const disconnect = vi.spyOn(keyv, 'disconnect');
    store.fault = 'rejects';
    const cache = new KeyvCache({ keyv, ownsKeyv: true });
    await expectFailure(() => cache.open(), 'UNAVAILABLE');
    expect(disconnect).toHaveBeenCalledTimes(1);
    expect(listenersOf(keyv)).toBe(0);
  });

  it('leaves no listener, and the Keyv as it was, after close', async () => {
    const [, keyv] = make();
    const cache = new KeyvCache({ keyv });
    await cache.open();
    expect(listenersOf(keyv)).toBe(1);
    await cache.set('a', 1);
    await cache.close();
    expect(listenersOf(keyv)).toBe(0);
    const next = await openCache(keyv, 'miss');
    expect(await next.get('a')).toBe(1);
  });
});

it('removes nothing that was written while a damaged entry was read', async () => {
  const removal = Promise.withResolvers<void>();
  class SlowlyRemovingStore extends FaultyStore {
    override async delete(key: string): Promise<unknown> {
      await removal.promise;
      return super.delete(key);
    }
  }
  const keyv: KeyvLike = new Keyv({ store: new SlowlyRemovingStore() });
  const cache = new KeyvCache({ keyv });
  await cache.open();
  onTestFinished(() => cache.close());
  await keyv.set('barkeep~e~key', 'damaged');
  const missed = cache.get('key');
  await cache.set('key', 1);
  removal.resolve();
  expect(await missed).toBeUndefined();
  expect(await cache.get('key')).toBe(1);
});

async function expectFailure(call: () => Promise<unknown>, code: 'TIMEOUT' | 'UNAVAILABLE') {
  const error = await call().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'BarkeepError', code, retryable: true });
  expect(BarkeepError.is(error)).toBe(true);
}

function listenersOf(keyv: KeyvLike): number {
  const { listeners } = keyv as unknown as { listeners(event: string): readonly unknown[] };
  return Reflect.apply(listeners, keyv, ['error']).length;
}
