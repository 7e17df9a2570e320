import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageGrowth } from '../src/monitoring/storage-growth.ts';

const HOUR = 3_600_000;

describe('StorageGrowth', () => {
  it('tells the rate of a storage that grows evenly, however often it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.array(fc.integer({ min: 1, max: 40 * HOUR }), { minLength: 1, maxLength: 50 }),
        (bytesPerHour, waits) => {
          const growth = new StorageGrowth(undefined);
          const sizeAt = (at: number) => ({
            series: 1,
            candles: 1,
            bytes: 1e12 + (at / HOUR) * bytesPerHour,
            freeBytes: 1e9,
          });
          growth.add(sizeAt(0), 0);
          let at = 0;
          for (const wait of waits) {
            at += wait;
            const { bytesPerDay, observedMs, limitBytes, daysToLimit } = growth.add(sizeAt(at), at);
            expect(limitBytes).toBe(sizeAt(at).bytes + 1e9);
            if (bytesPerDay === undefined) {
              expect(observedMs).toBeLessThan(600_000);
              continue;
            }
            expect(bytesPerDay / 24).toBeCloseTo(bytesPerHour, -2);
            if (bytesPerDay > 0) expect(daysToLimit).toBeCloseTo(1e9 / bytesPerDay, 6);
            else expect(daysToLimit).toBe(Number.POSITIVE_INFINITY);
          }
        },
      ),
    );
  });

  it('looks back a week, where it is asked every hour', () => {
    const growth = new StorageGrowth(1_000);
    const size = { series: 1, candles: 1, bytes: 500 };
    let observedMs = 0;
    for (let hour = 0; hour < 1_000; hour += 1) ({ observedMs } = growth.add(size, hour * HOUR));
    expect(observedMs).toBe((7 * 24 - 1) * HOUR);
    const full = growth.add({ ...size, bytes: 1_001 }, 1_000 * HOUR);
    expect(full).toMatchObject({ limitBytes: 1_000, daysToLimit: 0 });
  });
});
