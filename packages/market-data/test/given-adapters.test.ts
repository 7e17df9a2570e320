/** Adapters that this repository knows nothing of, named by URLs of their own. */
import {
  type Adapter,
  createMarketData,
  openCache,
  openRealtime,
  openStorage,
} from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import type { StorageAdapter } from '@barkeep/storage';
import { MemoryStorage, type MemoryStorageOptions } from '@barkeep/storage-memory';
import { describe, expect, it } from 'vitest';
import { KEY } from './fixtures.ts';

interface AcmeOptions extends MemoryStorageOptions {
  readonly path: string;
  readonly shards?: number;
}

class AcmeStorage extends MemoryStorage {
  readonly place: string;

  constructor({ path, shards = 1, ...options }: AcmeOptions) {
    super(options);
    this.place = `${path} in ${shards}`;
  }
}

const acme: StorageAdapter = {
  kind: 'storage',
  schemes: {
    acme: {
      target: { option: 'path', kind: 'path' },
      parameters: { shards: 'count' },
      create: (options: AcmeOptions) => new AcmeStorage(options),
    },
  },
};

describe('an adapter of another package', () => {
  it('is made by its own scheme, target and parameters', async () => {
    const storage = await openStorage('acme:./a%20b?shards=3', { adapters: [acme] });
    expect(storage).toMatchObject({ place: './a b in 3', state: 'open' });
    await storage.close();

    await using service = await createMarketData({ storage: 'acme:./x', adapters: [acme] });
    const candle = { timestamp: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    await service.saveCandles(KEY, [candle]);
    expect((await service.getCandles(KEY)).series.toArray()).toEqual([candle]);
  });

  it('takes the place of one that is known by itself', async () => {
    const memory: Adapter = {
      kind: 'storage',
      schemes: { memory: { create: () => new AcmeStorage({ path: 'there' }) } },
    };
    const storage = await openStorage('memory:', { adapters: [memory] });
    expect(storage).toMatchObject({ place: 'there in 1' });
    await storage.close();
  });

  it('has its parameters checked, and is unknown unless it is given', async () => {
    const wrong = openStorage('acme:./x?shardz=3', { adapters: [acme] });
    await expect(wrong).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { field: 'url', rule: 'has no parameter "shardz" (known: shards)' },
    });
    await expect(openStorage('acme:./x')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('must have a known scheme (memory:, '),
    });
    await expect(openRealtime('acme:./x', { adapters: [acme] })).rejects.toMatchObject({
      message: expect.stringContaining('must have a known scheme (memory:, '),
    });
  });

  it('of another platform is refused', async () => {
    const adapter: Adapter = {
      kind: 'realtime',
      schemes: { tab: { platform: 'browser', create: () => new MemoryRealtime() } },
    };
    await expect(openRealtime('tab:', { adapters: [adapter] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      details: { scheme: 'tab', needs: 'browser' },
    });
  });

  it.each([
    ['adapters', {}],
    ['adapters[0]', [null]],
    ['adapters[0]', [{ ...acme, schema: {} }]],
    ['adapters[0].kind', [{ kind: 'store', schemes: {} }]],
    ['adapters[0].schemes', [{ kind: 'storage' }]],
    ['adapters[0].schemes.Acme', [{ kind: 'storage', schemes: { Acme: { create: () => 1 } } }]],
    ['adapters[0].schemes.acme.create', [{ kind: 'storage', schemes: { acme: {} } }]],
    ['adapters[1].schemes.acme', [acme, acme]],
  ])('that is none is refused: %s', async (field, adapters) => {
    const opening = openStorage('memory:', { adapters: adapters as never });
    const details = { field: expect.stringContaining(field) };
    await expect(opening).rejects.toMatchObject({ code: 'INVALID_INPUT', details });
  });
});

it('opens caches and realtime caches by URL, too', async () => {
  const [cache, realtime] = [
    await openCache('memory:?maxEntries=2'),
    await openRealtime('memory:'),
  ];
  expect([cache.state, realtime.state]).toEqual(['open', 'open']);
  await Promise.all([cache.close(), realtime.close()]);
});
