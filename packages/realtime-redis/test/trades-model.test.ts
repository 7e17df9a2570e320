import type { Trade } from '@barkeep/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { propertyBudget } from '../../../tools/test-budget.ts';
import { hasRedisServer, type OwnTestRedis, startOwnTestRedis } from '../../../tools/test-redis.ts';
import { RedisRealtime } from '../src/index.ts';

const BOUND = 6;
const HOUR = 3_600_000;

/** The newest trades of a symbol in the plainest way, in the order of arrival. */
class Model {
  kept: { readonly trade: Trade; readonly arrival: number }[] = [];
  arrivals = 0;
  lost: number[] = [];

  add(trade: Trade, latest: number): boolean {
    if (this.kept.some((one) => one.trade.id === trade.id)) return false;
    const byTime = this.kept.toSorted((a, b) => a.trade.timestamp - b.trade.timestamp);
    const [oldest, newest] = [byTime[0], byTime.at(-1)];
    if (this.kept.length === BOUND && oldest !== undefined && newest !== undefined) {
      const isBelieved = trade.timestamp <= latest && newest.trade.timestamp > latest;
      const gone = isBelieved ? newest : oldest;
      if (gone === oldest && trade.timestamp < oldest.trade.timestamp) return false;
      this.kept = this.kept.filter((one) => one !== gone);
      this.lost.push(gone.arrival);
    }
    this.arrivals += 1;
    this.kept.push({ trade, arrival: this.arrivals });
    return true;
  }

  recent(limit: number, since: number): Trade[] {
    const wanted = this.kept
      .map(({ trade }) => trade)
      .filter(({ timestamp }) => timestamp >= since)
      .sort((a, b) => a.timestamp - b.timestamp);
    return wanted.slice(Math.max(0, wanted.length - limit));
  }
}

describe.skipIf(!hasRedisServer())('trades in Redis', () => {
  let redis: OwnTestRedis;

  beforeAll(async () => {
    redis = await startOwnTestRedis();
  });

  afterAll(() => redis.stop());

  it('are those of a plain model, in whatever order they come and however far ahead', async () => {
    const options = { url: redis.url, maxTradesPerSymbol: BOUND };
    await using realtime = new RedisRealtime(options);
    await realtime.open();
    const now = Date.now();
    // Each timestamp belongs to one trade; the last few are not believed.
    const trade = (i: number): Trade => ({
      id: `t${i}`,
      timestamp: i < 30 ? now - HOUR + i : now + 9 * HOUR + i,
      price: 1 + i,
      size: 1,
      side: i % 2 === 0 ? 'buy' : 'sell',
    });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.uniqueArray(fc.integer({ min: 0, max: 35 }), { maxLength: 12 }) },
      {
        weight: 1,
        arbitrary: fc.record({ limit: fc.integer({ min: 1, max: 8 }), since: fc.nat(35) }),
      },
      { weight: 1, arbitrary: fc.constant('replay' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        await realtime.trades.delete('A');
        const model = new Model();
        let cursor: string | undefined;
        let seen = 0;
        for (const one of steps) {
          if (one === 'replay') {
            const replay = await realtime.trades.replay('A', { after: cursor });
            const unseen = model.kept.filter(({ arrival }) => arrival > seen);
            // A trade that is pushed out of its place may start the count anew, which is told as a gap.
            if (!replay.gap) expect(replay.trades).toEqual(unseen.map(({ trade: each }) => each));
            if (cursor !== undefined && model.lost.some((arrival) => arrival > seen)) {
              expect(replay.gap).toBe(true);
            }
            [cursor, seen] = [replay.cursor, model.arrivals];
          } else if (Array.isArray(one)) {
            const trades = one.map(trade);
            const added = trades.filter((each) => model.add(each, now + 600_000)).length;
            expect(await realtime.trades.append('A', trades)).toEqual({
              added,
              duplicates: trades.length - added,
            });
          } else {
            const since = trade(one.since).timestamp;
            const read = { limit: one.limit, since };
            expect(await realtime.trades.recent('A', read)).toEqual(model.recent(one.limit, since));
          }
          expect(await realtime.trades.recent('A')).toEqual(model.recent(99, 0));
        }
      }),
      propertyBudget(150),
    );
    expect((await realtime.stats()).unreadable).toBe(0);
  });
});
