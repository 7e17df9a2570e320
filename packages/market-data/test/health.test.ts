import { MemoryCache } from '@barkeep/cache-memory';
import type { HealthReport, IMarketDataService } from '@barkeep/market-data';
import { MemoryRealtime } from '@barkeep/realtime-memory';
import { MemoryStorage } from '@barkeep/storage-memory';
import { describe, expect, it } from 'vitest';
import { KEY, minutes, openDesk, settle, throughTime } from './fixtures.ts';
import { openLiveDesk } from './live-desk.ts';

class FailingCache extends MemoryCache {
  protected override _get(): never {
    throw new Error('cache is gone');
  }
}

function verdicts({ checks }: HealthReport): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

async function bad(service: IMarketDataService): Promise<[string, string, string | undefined][]> {
  const { checks } = await service.health();
  return checks.flatMap(({ name, status, message }) =>
    status === 'ok' ? [] : [[name, status, message]],
  );
}

describe('health', () => {
  it('is ok where everything works, and counts nothing as a read of the user', async () => {
    const { service, clock, realtime } = await openDesk();
    const before = await realtime.stats();
    const report = await service.health();
    expect(report.status).toBe('ok');
    expect(verdicts(report)).toEqual({
      service: 'ok',
      storage: 'ok',
      realtime: 'ok',
      cache: 'ok',
      coordinator: 'ok',
      alerts: 'ok',
    });
    expect(report.checks.every(({ at }) => at === clock.now())).toBe(true);
    const after = await realtime.stats();
    expect([after.hits, after.misses]).toEqual([before.hits, before.misses]);
  });

  it('never rejects, not even when the service is closed, aborted or asked for nonsense', async () => {
    const { service } = await openDesk();
    expect((await service.health({ signal: AbortSignal.abort() })).status).toBe('failed');
    const nonsense = await service.health({ timeoutMs: Number.NaN });
    expect(nonsense.checks[0]?.message).toContain('timeoutMs');
    await service.close();
    const closed = await service.health();
    expect(closed.status).toBe('failed');
    expect(closed.checks).toContainEqual(
      expect.objectContaining({ name: 'service', message: 'the service is closed' }),
    );
  });

  it('is failed where the storage or the realtime cache does not answer', async () => {
    class Down extends MemoryStorage {
      protected override _getMetadata(): Promise<never> {
        return Promise.reject(new Error('disk is gone'));
      }
    }
    const { service } = await openDesk({ storage: new Down() });
    expect(await bad(service)).toEqual([
      ['storage', 'failed', expect.stringContaining('disk is gone')],
    ]);
    class Silent extends MemoryRealtime {
      protected override _recentTrades(): never {
        throw new Error('connection lost');
      }
    }
    const other = await openDesk({ realtime: new Silent() });
    expect(await bad(other.service)).toMatchObject([['realtime', 'failed', expect.any(String)]]);
  });

  it('takes no longer than its time: what hangs has failed', async () => {
    const gate = Promise.withResolvers<undefined>();
    class Hanging extends MemoryStorage {
      protected override _getMetadata(): Promise<undefined> {
        return gate.promise;
      }
    }
    const { service, clock } = await openDesk({ storage: new Hanging() });
    const start = clock.now();
    const report = await throughTime(clock, service.health(), 100);
    expect(clock.now() - start).toBe(1_000);
    expect(verdicts(report)).toMatchObject({ storage: 'failed', realtime: 'ok' });
    const quick = await throughTime(clock, service.health({ timeoutMs: 200 }), 100);
    expect(quick.status).toBe('failed');
    expect(clock.now() - start).toBe(1_200);
    gate.resolve(undefined);
  });

  it('is degraded by a cache that fails, which the service does without', async () => {
    const { service } = await openDesk({ cache: new FailingCache() });
    expect(await bad(service)).toEqual([['cache', 'degraded', 'reads of it fail']]);
    expect((await service.health()).status).toBe('degraded');
  });

  it('is degraded by an open breaker, and by an alert that stands', async () => {
    const { service, exchange, clock } = await openDesk({
      fetching: { retry: { maxAttempts: 1 }, breaker: { failures: 1 } },
      alerts: { breakerOpenMs: { raise: 10_000, clear: 0 } },
    });
    exchange.interfere = () => {
      throw Object.assign(new Error('down'), { retryable: true });
    };
    await service.getCandles({ ...KEY, from: minutes(-2), to: minutes(0) });
    expect(await bad(service)).toEqual([
      ['coordinator', 'degraded', expect.stringMatching(/^its breaker is open: .*down/)],
    ]);
    clock.advance(30_000);
    await settle();
    expect(await bad(service)).toEqual([
      ['coordinator', 'degraded', expect.stringContaining('half-open')],
      ['alerts', 'degraded', expect.stringContaining('breaker')],
    ]);
  });

  it('is degraded while the router is away, and while recording fails', async () => {
    const desk = await openLiveDesk({ alerts: false });
    expect(await bad(desk.service)).toMatchObject([['router', 'degraded', expect.any(String)]]);
    desk.router.connect();
    await desk.pass(1_000);
    expect(await bad(desk.service)).toEqual([]);
    desk.storage.error = new Error('disk is full');
    desk.deal(100);
    await desk.pass(2_000);
    expect(await bad(desk.service)).toEqual([
      ['recording', 'degraded', expect.stringMatching(/1 series not stored: .*/)],
    ]);
    desk.storage.error = undefined;
    await desk.pass(2_000);
    expect(await bad(desk.service)).toEqual([]);
  });
});
