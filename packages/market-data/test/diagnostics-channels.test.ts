import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KEY, minutes, openDesk, settle } from './fixtures.ts';

/** What comes over channels, as `[name, copy of the message]`. */
function hear(...names: string[]): [name: string, message: object][] {
  const heard: [string, object][] = [];
  for (const name of names) {
    const listener = (message: unknown): void =>
      void heard.push([name, { ...(message as object) }]);
    subscribe(name, listener);
    onTestFinished(() => void unsubscribe(name, listener));
  }
  return heard;
}

const QUERY = { ...KEY, from: minutes(-10), to: minutes(0) };

describe('node:diagnostics_channel', () => {
  it('follows the operations of a service and of its parts', async () => {
    const { service } = await openDesk();
    const untraced = await service.getCandles(QUERY);
    const heard = hear('tracing:barkeep:operation:start', 'tracing:barkeep:operation:asyncEnd');
    const followed = await service.getCandles(QUERY);
    expect(followed.series).toEqual(untraced.series);
    const traced = await service.getCandles(QUERY);
    expect(traced).toBe(await service.getCandles(QUERY));
    const ofService = heard.filter(
      ([, message]) => Reflect.get(message, 'component') === 'market-data',
    );
    expect(ofService).toHaveLength(6);
    expect(ofService[1]?.[1]).toMatchObject({
      component: 'market-data',
      operation: 'getCandles',
      durationMs: expect.any(Number),
    });
    await service.updateTicker({ symbol: 'KRW-BTC', timestamp: minutes(0), price: 1 });
    await service.saveCandles(KEY, []);
    const components = new Set(heard.map(([, message]) => Reflect.get(message, 'component')));
    expect([...components].sort()).toEqual(['market-data', 'realtime-memory', 'storage-memory']);
    expect((await service.stats()).operations['getCandles']).toMatchObject({ calls: 4 });
  });

  it('tells what failed, and why', async () => {
    const { service } = await openDesk();
    const heard = hear('tracing:barkeep:operation:error');
    await expect(service.getCandles({ symbol: '', timeframe: '1m' })).rejects.toThrow();
    expect(heard).toEqual([
      [
        'tracing:barkeep:operation:error',
        expect.objectContaining({
          operation: 'getCandles',
          error: expect.objectContaining({ code: 'INVALID_INPUT' }),
        }),
      ],
    ]);
  });

  it('follows each call of the coordinator', async () => {
    const { service, exchange } = await openDesk({ fetching: { retry: { maxAttempts: 1 } } });
    const heard = hear(
      'tracing:barkeep:fetch:start',
      'tracing:barkeep:fetch:asyncEnd',
      'tracing:barkeep:fetch:error',
    );
    await service.getCandles(QUERY);
    expect(heard).toMatchObject([
      ['tracing:barkeep:fetch:start', { request: QUERY, candles: undefined }],
      [
        'tracing:barkeep:fetch:asyncEnd',
        { request: QUERY, candles: 10, durationMs: expect.any(Number) },
      ],
    ]);
    exchange.interfere = () => {
      throw new Error('no such market');
    };
    await service.getCandles({ ...KEY, from: minutes(-20), to: minutes(-15) });
    expect(heard.filter(([name]) => name.endsWith(':error'))).toMatchObject([
      [expect.any(String), { error: { message: expect.stringContaining('no such market') } }],
    ]);
  });

  it('gives failures and alerts as subscribers hear them', async () => {
    const { service, exchange, clock } = await openDesk({
      fetching: { retry: { maxAttempts: 1 }, breaker: { failures: 1 } },
      alerts: { breakerOpenMs: { raise: 1_000, clear: 0 } },
    });
    const heard = hear('barkeep:failure', 'barkeep:alert');
    exchange.interfere = () => {
      throw Object.assign(new Error('down'), { retryable: true });
    };
    await service.getCandles(QUERY);
    clock.advance(30_000);
    await settle();
    expect(heard).toMatchObject([
      ['barkeep:failure', { type: 'failure', of: 'fetching', key: KEY }],
      ['barkeep:alert', { type: 'alert', name: 'breakerOpenMs', level: 'raised' }],
    ]);
  });
});
