import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Candle,
  CandleSeries,
  runCooperatively,
  type SeriesKey,
  siftCandles,
} from '../src/index.ts';

const key: SeriesKey = { symbol: 'CL', timeframe: '1m' };
const START = Date.UTC(2020, 3, 20, 18);

function candle(i: number, change: Partial<Record<keyof Candle, unknown>> = {}): Candle {
  const values = {
    timestamp: START + i * 60_000,
    open: -1,
    high: 2,
    low: -40,
    close: 0,
    volume: 0,
  };
  return { ...values, ...change } as Candle;
}

const bad: readonly (readonly [field: string, isTimed: boolean, given: unknown])[] = [
  ['high', true, candle(5, { high: -50 })],
  ['volume', true, candle(5, { volume: -1 })],
  ['open', true, candle(5, { open: '1' })],
  ['close', true, candle(5, { close: Number.NaN })],
  ['timestamp', true, candle(5, { timestamp: START + 30_000 })],
  ['timestamp', true, candle(5, { timestamp: START / 1_000 + 1 })],
  ['timestamp', false, candle(5, { timestamp: START * 1_000 })],
  ['timestamp', false, candle(5, { timestamp: 'noon' })],
  ['candle', false, null],
];

async function sift(candles: readonly Candle[] | CandleSeries) {
  const { columns, faults } = await runCooperatively(siftCandles(key, candles));
  return { candles: CandleSeries.fromTrustedColumns(key, columns).toArray(), faults };
}

describe('siftCandles', () => {
  it.each(bad)(
    'leaves out a bad %s alone, and names it without an index',
    async (field, isTimed, given) => {
      const right = [candle(0), candle(1), candle(9)];
      const found = await sift([candle(0), given as Candle, candle(9), candle(1)]);
      expect(found.candles).toEqual(right);
      const [fault, ...others] = found.faults;
      expect(others).toEqual([]);
      expect(fault).toMatchObject({ code: 'INVALID_INPUT', details: { field } });
      expect(fault?.details).not.toHaveProperty('index');
      const { timestamp } = (given ?? {}) as Candle;
      expect(fault?.details['timestamp']).toBe(isTimed ? timestamp : undefined);
      if (!isTimed) return;
      expect(fault?.message).toContain(`${new Date(timestamp).toISOString()} (${timestamp})`);
    },
  );

  it('takes columns as well', async () => {
    const columns = CandleSeries.from(key, [candle(0), candle(1), candle(2)]).copy();
    columns.high[1] = -99;
    const found = await sift(columns);
    expect(found.candles).toEqual([candle(0), candle(2)]);
    expect(found.faults).toHaveLength(1);
  });

  it('refuses what is no list', async () => {
    await expect(sift('x' as never)).rejects.toMatchObject({ details: { field: 'candles' } });
  });

  it('keeps what a series would take, wherever the bad ones lie', async () => {
    const item = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.nat({ max: 50 }).map((i) => ({ given: candle(i), isRight: true })),
      },
      fc.constantFrom(...bad).map(([, , given]) => ({ given: given as Candle, isRight: false })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 40 }), async (items) => {
        const right = items.filter(({ isRight }) => isRight).map(({ given }) => given);
        const found = await sift(items.map(({ given }) => given));
        expect(found.candles).toEqual(CandleSeries.from(key, right).toArray());
        expect(found.faults).toHaveLength(items.length - right.length);
      }),
    );
  });
});
