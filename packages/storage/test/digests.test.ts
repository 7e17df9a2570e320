import { CandleSeries } from '@barkeep/core';
import { ContentDigest, SeriesDigest } from '@barkeep/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const KEY = { symbol: 'KRW-BTC', timeframe: '1m' } as const;

function series(count: number): CandleSeries {
  const candles = Array.from({ length: count }, (_, i) => ({
    timestamp: i * 60_000,
    open: i + 1,
    high: i + 1.5,
    low: i + 0.5,
    close: i + 1.25,
    volume: i / 3,
  }));
  return CandleSeries.from(KEY, candles);
}

function digestOf(pieces: readonly CandleSeries[], source = 'a'): string {
  const digest = new SeriesDigest();
  for (const piece of pieces) digest.add(piece);
  return digest.finish([{ from: 0, to: 60_000, source, collectedAt: 1 }]);
}

it('is the same however a series is cut', () => {
  const whole = series(100);
  expect(digestOf([whole])).toMatch(/^[0-9a-f]{16}$/);
  for (const cut of [1, 50, 99]) {
    expect(digestOf([whole.slice(0, cut), whole.slice(cut)])).toBe(digestOf([whole]));
  }
});

it('differs with each value, and with coverage', () => {
  const whole = series(100);
  const seen = new Set([digestOf([whole]), digestOf([whole], 'b'), digestOf([series(99)])]);
  for (const column of ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const) {
    const changed = whole.copy();
    changed[column][50] = (changed[column][50] ?? 0) + 2 ** -20;
    seen.add(digestOf([changed]));
  }
  expect(seen.size).toBe(9);
});

it('differs with each bit of bytes, wherever in memory they lie', () => {
  const digest = (bytes: Uint8Array) => {
    const content = new ContentDigest();
    content.addBytes(bytes);
    return content.value;
  };
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.nat(), (bytes, bit) => {
      const flipped = bytes.slice();
      const at = bit % bytes.length;
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8));
      expect(digest(flipped)).not.toBe(digest(bytes));
      const shifted = new Uint8Array([7, ...bytes]).subarray(1);
      expect(digest(shifted)).toBe(digest(bytes));
      expect(digest(Buffer.from(bytes))).toBe(digest(bytes));
      expect(digest(bytes.subarray(1))).not.toBe(digest(bytes));
    }),
  );
});
