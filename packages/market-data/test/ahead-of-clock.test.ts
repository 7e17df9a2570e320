import { BarkeepError, ManualClock } from '@barkeep/core';
import { createMarketData } from '@barkeep/market-data';
import { expect, it } from 'vitest';
import { refuseAhead } from '../src/config/refuse-ahead.ts';
import { NOON } from './fixtures.ts';

it('refuses an instant ahead of the clock, naming field, value, rule and now', () => {
  const bound = { clock: new ManualClock(NOON), maxAheadMs: 1_000 };
  expect(() => refuseAhead({ field: 'asOf', value: NOON + 1_000 }, bound)).not.toThrow();
  expect(() =>
    refuseAhead({ field: 'timestamp', value: NOON + 60_000 }, bound, '1m'),
  ).not.toThrow();
  const error = errorOf(() =>
    refuseAhead({ field: 'timestamp', value: NOON + 120_000, index: 3 }, bound, '1m'),
  );
  expect(error).toMatchObject({
    code: 'INVALID_INPUT',
    details: { field: 'timestamp', value: NOON + 120_000, now: NOON, index: 3 },
  });
  expect(error.message).toBe(
    `[3].timestamp of 2026-01-01T12:02:00.000Z (${NOON + 120_000}) must be at most 1000 ms and a period of 1m ahead of the clock, which is at ${NOON}; got ${NOON + 120_000}`,
  );
});

it('takes the bound from the configuration', async () => {
  for (const maxAheadMs of [-1, 0.5, Number.NaN]) {
    await expect(createMarketData({ storage: 'memory:', maxAheadMs })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { field: 'maxAheadMs' },
    });
  }
  await (await createMarketData({ storage: 'memory:', maxAheadMs: 0 })).close();
});

function errorOf(call: () => void): BarkeepError {
  try {
    call();
  } catch (error) {
    if (BarkeepError.is(error)) return error;
  }
  return expect.unreachable('it did not throw');
}
