import type { Logger } from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { KEY, minutes, openDesk, settle } from './fixtures.ts';
import { openLiveDesk } from './live-desk.ts';

/** As `console`: takes anything, and keeps the lines. */
class Lines implements Logger {
  readonly lines: unknown[][] = [];
  debug = (...line: unknown[]): void => this.#add('debug', line);
  info = (...line: unknown[]): void => this.#add('info', line);
  warn = (...line: unknown[]): void => this.#add('warn', line);
  error = (...line: unknown[]): void => this.#add('error', line);

  #add(level: string, line: unknown[]): void {
    this.lines.push([level, ...line]);
  }
}

const down = (): never => {
  throw Object.assign(new Error('the exchange\nis down'), { retryable: true });
};

const QUERY = { ...KEY, from: minutes(-2), to: minutes(0) };
const fetching = { retry: { maxAttempts: 1 }, breaker: { failures: 1, pauseMs: 1_000 } };

describe('a logger', () => {
  it('of the shape of console is given readable lines: failures, breaker, alerts', async () => {
    const logger = new Lines();
    const { service, exchange, clock } = await openDesk({
      logger,
      fetching,
      alerts: { breakerOpenMs: { raise: 30_000, clear: 0 } },
    });
    exchange.interfere = down;
    await service.getCandles(QUERY);
    clock.advance(30_000);
    await settle();
    exchange.interfere = () => undefined;
    await service.getCandles(QUERY);
    clock.advance(30_000);
    await settle();
    expect(logger.lines.map(([level]) => level)).toEqual(['warn', 'warn', 'warn', 'info', 'info']);
    const texts = logger.lines.map(([, text]) => text);
    expect(texts).toEqual([
      'barkeep: the coordinator keeps failing and is left alone kind=breaker breaker=opened',
      expect.stringMatching(
        /^barkeep: fetching failed: .*the exchange is down kind=failure:fetching code=\w+ retryable=true symbol=KRW-BTC timeframe=1m at=\d+$/,
      ),
      expect.stringMatching(/^barkeep: alert raised: .* kind=alert:breakerOpenMs .*value=30000/),
      'barkeep: the coordinator answers again kind=breaker breaker=closed',
      expect.stringMatching(/^barkeep: alert cleared: .*/),
    ]);
  });

  it('of the shape of pino is given the fields first', async () => {
    const written: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => void written.push(line) });
    const { service, exchange } = await openDesk({ logger, fetching });
    exchange.interfere = down;
    await service.getCandles(QUERY);
    const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { level: 40, kind: 'breaker', breaker: 'opened', msg: expect.any(String) },
      {
        level: 40,
        kind: 'failure:fetching',
        retryable: true,
        symbol: 'KRW-BTC',
        msg: expect.stringContaining('is down'),
      },
    ]);
  });

  it('hears of a clock that was set', async () => {
    const logger = new Lines();
    const { clock } = await openDesk({ logger, alerts: false });
    clock.setWallTime(clock.now() - 3_600_000);
    clock.advance(5_000);
    expect(logger.lines).toEqual([
      ['warn', expect.stringMatching(/^barkeep: the clock was set back kind=clock-jump byMs=-36/)],
    ]);
  });

  it('hears of slow operations', async () => {
    const logger = new Lines();
    class Slow extends MemoryStorage {
      protected override async _getMetadata(): Promise<undefined> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return undefined;
      }
    }
    const { service } = await openDesk({ logger, storage: new Slow(), slowOperationMs: 10 });
    await service.describeSeries(KEY);
    await service.getTicker('KRW-BTC');
    expect(logger.lines).toEqual([
      [
        'warn',
        expect.stringMatching(
          /^barkeep: describeSeries took long kind=slow:describeSeries operation=describeSeries durationMs=\d+$/,
        ),
      ],
    ]);
  });

  it('is not flooded: what is left out is counted in a later line', async () => {
    const logger = new Lines();
    const desk = await openLiveDesk({ logger, alerts: false });
    desk.router.connect();
    desk.storage.error = new Error('disk is full');
    desk.deal(100);
    await desk.pass(30_000);
    expect(logger.lines).toHaveLength(5);
    await desk.pass(35_000);
    expect(logger.lines.length).toBeLessThanOrEqual(10);
    expect(logger.lines[5]?.[1]).toMatch(/ suppressed=\d+$/);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no room for the log');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no room for the log'))],
  ])('that %s disturbs nobody', async (_how, fail) => {
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const { service, exchange } = await openDesk({ logger, fetching });
    exchange.interfere = down;
    const { failures } = await service.getCandles(QUERY);
    expect(failures).toHaveLength(1);
    await settle();
  });

  it('hears nothing after close', async () => {
    const logger = new Lines();
    const { service, clock } = await openDesk({ logger });
    await service.close();
    clock.setWallTime(clock.now() + 3_600_000);
    clock.advance(60_000);
    expect(logger.lines).toEqual([]);
    expect(clock.pendingTimers).toBeLessThan(3);
  });
});
