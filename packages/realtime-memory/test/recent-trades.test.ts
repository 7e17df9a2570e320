import type { Trade } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MemoryRealtime } from '../src/index.ts';
import { RecentTrades } from '../src/recent-trades.ts';

const AT = Date.UTC(2026, 0, 1);
const BOUND = 6;
/** Beyond it a timestamp is not believed. */
const LATEST = AT + 20;

interface ModelTrade {
  readonly trade: Trade;
  readonly expiresAt: number;
  readonly arrival: number;
}

/** The same in the plainest way. */
class Model {
  kept: ModelTrade[] = [];
  lost: number[] = [];

  add(trade: Trade, expiresAt: number, arrival: number): boolean {
    const byTime = this.kept.toSorted((a, b) => a.trade.timestamp - b.trade.timestamp);
    const [oldest, newest] = [byTime[0], byTime.at(-1)];
    if (this.kept.length === BOUND && oldest !== undefined && newest !== undefined) {
      const isBelieved = trade.timestamp <= LATEST && newest.trade.timestamp > LATEST;
      const gone = isBelieved ? newest : oldest;
      if (gone === oldest && trade.timestamp < oldest.trade.timestamp) return false;
      this.drop(gone);
    }
    this.kept.push({ trade, expiresAt, arrival });
    return true;
  }

  expire(now: number): void {
    while (this.kept[0] !== undefined && this.kept[0].expiresAt <= now) this.drop(this.kept[0]);
  }

  drop(one: ModelTrade): void {
    this.kept = this.kept.filter((other) => other !== one);
    this.lost.push(one.arrival);
  }
}

describe('recent trades', () => {
  it('are kept, read, replayed and dropped as by a plain model', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ at: fc.integer({ min: 0, max: 30 }), lives: fc.nat(9) }),
      },
      { weight: 1, arbitrary: fc.record({ passes: fc.nat(8) }) },
      { weight: 1, arbitrary: fc.constant({ trims: true }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const trades = new RecentTrades(BOUND, 0);
        const model = new Model();
        let [now, arrival] = [0, 0];
        for (const one of steps) {
          if ('passes' in one) now += one.passes;
          trades.expire(now);
          model.expire(now);
          if ('trims' in one) trades.trim();
          if ('at' in one) {
            arrival += 1;
            const trade = tradeAt(AT + one.at, `t${arrival}`);
            const expiresAt = now + 1 + one.lives;
            const wasAdded = trades.add(trade, { expiresAt, arrival, latest: LATEST });
            expect(wasAdded).toBe(model.add(trade, expiresAt, arrival));
          }
          const live = model.kept.filter(({ expiresAt }) => expiresAt > now);
          const byTime = live
            .toSorted((a, b) => a.trade.timestamp - b.trade.timestamp)
            .map(({ trade }) => trade);
          expect(trades.length).toBe(model.kept.length);
          expect(trades.recent(99, 0, now)).toEqual(byTime);
          expect(trades.recent(2, AT + 9, now)).toEqual(
            byTime.filter(({ timestamp }) => timestamp >= AT + 9).slice(-2),
          );
          for (const seen of [0, arrival - 3]) {
            expect(trades.arrivedAfter(seen, now)).toEqual(
              live.filter((each) => each.arrival > seen).map(({ trade }) => trade),
            );
          }
          expect(trades.lostThrough).toBeGreaterThanOrEqual(Math.max(0, ...model.lost));
          expect(trades.lastArrival).toBeLessThanOrEqual(arrival);
          for (const { trade } of model.kept) expect(trades.has(trade.id)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('cost the same each, however many come one by one in a turn, and in whatever order', async () => {
    const moved = vi.spyOn(Int32Array.prototype, 'copyWithin');
    const realtime = new MemoryRealtime();
    await realtime.open();
    const count = 10_000;
    for (const direction of [1, -1]) {
      const appends = Array.from({ length: count }, (_, i) =>
        realtime.trades.append('A', [tradeAt(AT + direction * i, `${direction} ${i}`)]),
      );
      await Promise.all(appends);
    }
    const numbers = moved.mock.calls.reduce((sum, [, from = 0, to = 0]) => sum + to - from, 0);
    moved.mockRestore();
    expect(numbers).toBeLessThan(2 * count);
    const { trades, stored, duplicates, evictions } = await realtime.stats();
    expect({ trades, stored, duplicates, evictions }).toEqual({
      trades: 1_000,
      stored: count,
      duplicates: count,
      evictions: count - 1_000,
    });
    await realtime.close();
  });
});

function tradeAt(timestamp: number, id: string): Trade {
  return { id, timestamp, price: 1, size: 1, side: 'buy' };
}
