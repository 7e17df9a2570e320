/**
 * Services come and go over one storage and one cache on disk, while the storage changes under them
 * and through them. Whatever they answer must be what is stored.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Candle, type Interval, ManualClock } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { MemoryStorage } from '@barkeep/storage-memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { budget, propertyBudget } from '../../../tools/test-budget.ts';
import { KEY, MINUTE, minutes, NOON } from './fixtures.ts';

const place = fc.integer({ min: -60, max: -1 });
const stretch: fc.Arbitrary<Interval> = fc
  .tuple(place, fc.integer({ min: 1, max: 30 }))
  .map(([from, length]) => ({ from: minutes(from), to: minutes(Math.min(0, from + length)) }));

type Command =
  | {
      readonly type: 'write';
      readonly range: Interval;
      readonly price: number;
      readonly by: number;
    }
  | { readonly type: 'remove'; readonly range: Interval }
  | { readonly type: 'announce'; readonly range: Interval }
  | { readonly type: 'invalidate'; readonly by: number }
  | { readonly type: 'restart'; readonly by: number }
  | { readonly type: 'read'; readonly range: Interval; readonly by: number };

const by = fc.nat(1);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('read' as const), range: stretch, by }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      range: stretch,
      price: fc.integer({ min: 1, max: 5 }),
      // 2 is neither: somebody who knows nothing of services.
      by: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), range: stretch }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('announce' as const), range: stretch }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('invalidate' as const), by }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('restart' as const), by }) },
);

function candles({ from, to }: Interval, price: number): Candle[] {
  const list: Candle[] = [];
  for (let timestamp = from; timestamp < to; timestamp += MINUTE * price) {
    list.push({ timestamp, open: price, high: price, low: price, close: price, volume: 1 });
  }
  return list;
}

it(
  'never answers with anything but what is stored',
  async () => {
    let fromDisk = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (commands) => {
        const directory = await mkdtemp(join(tmpdir(), 'barkeep-tiers-'));
        const clock = new ManualClock(NOON + MINUTE / 2);
        const storage = new MemoryStorage({ clock });
        await storage.open();
        const start = (): Promise<IMarketDataService> =>
          createMarketData({
            storage,
            diskCache: `disk:${directory}`,
            clock,
            candleCache: { pagePeriods: 10, maxAnswers: 0 },
          });
        const services = [await start(), await start()];
        const service = (index: number): IMarketDataService => services[index] ?? expect.fail();
        const act = async (one: Command): Promise<void> => {
          if (one.type === 'write') {
            const batch = { candles: candles(one.range, one.price), covers: one.range };
            if (one.by === 2) await storage.candles.write({ key: KEY, ...batch });
            else await service(one.by).saveCandles(KEY, batch.candles, { covers: one.range });
          } else if (one.type === 'remove') {
            await storage.candles.remove(KEY, one.range);
            await storage.coverage.add(KEY, one.range, { source: 'remover' });
          } else if (one.type === 'announce') await storage.changes.announce(KEY, one.range);
          else if (one.type === 'invalidate') await service(one.by).invalidate(KEY);
          else if (one.type === 'restart') {
            await service(one.by).close();
            services[one.by] = await start();
          } else {
            const { series, origins } = await service(one.by).getCandles({ ...KEY, ...one.range });
            const stored = await storage.candles.read({ ...KEY, ...one.range });
            expect(series.toArray()).toEqual(stored.toArray());
            fromDisk += origins.disk;
          }
        };
        try {
          for (const one of commands) await act(one);
        } finally {
          for (const one of services) await one.close();
          await storage.close();
          await rm(directory, { recursive: true, force: true });
        }
      }),
      propertyBudget(80),
    );
    expect(fromDisk).toBeGreaterThan(0);
  },
  budget(120_000),
);
