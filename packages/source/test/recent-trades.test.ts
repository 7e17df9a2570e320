import type { Trade } from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentTrades } from '../src/recent-trades.ts';

const START = Date.UTC(2026, 0, 1);
const MAX_TRADES = 5;

describe('the recent trades', () => {
  it('are what sorting, telling apart and cutting off all of them leaves', () => {
    const trade = fc
      .record({ id: fc.nat({ max: 8 }), at: fc.nat({ max: 12 }) })
      .map(({ id, at }) => tradeAt(`${id}`, at));
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 40 }), (trades) => {
        const recent = new RecentTrades(MAX_TRADES);
        let model: Trade[] = [];
        for (const one of trades) {
          recent.add([one]);
          if (model.some(({ id }) => id === one.id)) continue;
          model = [...model, one].sort((a, b) => a.timestamp - b.timestamp).slice(-MAX_TRADES);
        }
        expect(recent.list).toEqual(model);
      }),
    );
  });

  it('are a list that does not change, and is the same until something does', () => {
    const recent = new RecentTrades(MAX_TRADES);
    recent.add([tradeAt('1', 1)]);
    const before = recent.list;
    recent.add([tradeAt('1', 1)]);
    expect(recent.list).toBe(before);
    recent.add([tradeAt('2', 2)]);
    expect(before).toHaveLength(1);
    expect(recent.list).toHaveLength(2);
    expect(recent.list).toSatisfy(Object.isFrozen);
  });
});

function tradeAt(id: string, at: number): Trade {
  return { id, timestamp: START + at, price: 1, size: 1, side: 'buy' };
}
