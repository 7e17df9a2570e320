import {
  COMMON_TIMEFRAMES,
  compareTimeframes,
  isTimeframe,
  MAX_EPOCH_MS,
  MIN_EPOCH_MS,
  type Timeframe,
  type TimeframeParts,
  timeframeGrid,
  timeframeOf,
  timeframeParts,
} from '@barkeep/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from './thrown.ts';

const timeframes: readonly Timeframe[] = [
  ...COMMON_TIMEFRAMES,
  '7m',
  '90s',
  '36h',
  '10d',
  '2w',
  '3M',
  '7M',
  '5y',
  '1000y',
  '1m@1s',
  '1h@30m',
  '4h@90m',
  '1d@15h',
  '1d@330m',
  '3d@2d',
  '1w@3d',
  '1w@159h',
  '2w@7d',
  '1M@9h',
  '1M@-9h',
  '3M@14d',
  '1y@90d',
  '1y@-1s',
];
const timeframe = fc.constantFrom(...timeframes);
const anyInstant = fc.oneof(
  fc.integer({ min: MIN_EPOCH_MS, max: MAX_EPOCH_MS }),
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, -1, 1),
);

/** The start of the period that holds an instant, by the calendar fields of `Date` alone. */
function expectedFloor(instant: number, { count, unit, originMs }: TimeframeParts): number {
  const at = instant - originMs;
  const date = new Date(at);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const midnight = new Date(0).setUTCFullYear(year, month, day);
  const [from, days] = [originMs, 86_400_000];
  if (unit === 'y') return from + new Date(0).setUTCFullYear(year - mod(year - 1970, count), 0, 1);
  if (unit === 'M') {
    const months = (year - 1970) * 12 + month;
    return from + new Date(0).setUTCFullYear(year, month - mod(months, count), 1);
  }
  if (unit === 'w') {
    const monday = midnight - mod(date.getUTCDay() - 1, 7) * days;
    const week = Math.round((monday - Date.UTC(1970, 0, 5)) / (7 * days));
    return from + monday - mod(week, count) * 7 * days;
  }
  if (unit === 'd') return from + midnight - mod(Math.round(midnight / days), count) * days;
  const ms = count * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? Number.NaN);
  return from + Number((BigInt(at) / BigInt(ms)) * BigInt(ms)) - (at < 0 && at % ms !== 0 ? ms : 0);
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b;
}

describe('the grid of a timeframe', () => {
  it.each([
    ['1m', '2024-02-29T23:59:59.999Z', '2024-02-29T23:59:00Z', '2024-03-01T00:00:00Z'],
    ['4h', '2024-05-05T05:00:00Z', '2024-05-05T04:00:00Z', '2024-05-05T08:00:00Z'],
    ['1d', '2024-02-29T12:00:00Z', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['1w', '2024-01-04T00:00:00Z', '2024-01-01T00:00:00Z', '2024-01-08T00:00:00Z'],
    ['1w', '1970-01-01T00:00:00Z', '1969-12-29T00:00:00Z', '1970-01-05T00:00:00Z'],
    ['2w', '1970-01-18T23:59:59Z', '1970-01-05T00:00:00Z', '1970-01-19T00:00:00Z'],
    ['1M', '2024-02-29T00:00:00Z', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['1M', '2023-12-31T23:59:59Z', '2023-12-01T00:00:00Z', '2024-01-01T00:00:00Z'],
    ['3M', '2024-03-31T00:00:00Z', '2024-01-01T00:00:00Z', '2024-04-01T00:00:00Z'],
    ['1M', '1969-12-31T23:59:59Z', '1969-12-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['1M', '0099-02-03T00:00:00Z', '0099-02-01T00:00:00Z', '0099-03-01T00:00:00Z'],
    ['1M', '2100-02-28T23:00:00Z', '2100-02-01T00:00:00Z', '2100-03-01T00:00:00Z'],
    ['1y', '2024-12-31T23:59:59Z', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
    ['5y', '1974-06-01T00:00:00Z', '1970-01-01T00:00:00Z', '1975-01-01T00:00:00Z'],
    ['5y', '1969-06-01T00:00:00Z', '1965-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['1y', '9999-12-31T23:59:59Z', '9999-01-01T00:00:00Z', '+010000-01-01T00:00:00Z'],
    ['1h@30m', '1969-12-31T23:30:00Z', '1969-12-31T23:30:00Z', '1970-01-01T00:30:00Z'],
    ['1d@15h', '2024-02-29T14:59:59Z', '2024-02-28T15:00:00Z', '2024-02-29T15:00:00Z'],
    ['1w@3d', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '1970-01-08T00:00:00Z'],
    ['1w@3d', '2024-01-03T23:00:00Z', '2023-12-28T00:00:00Z', '2024-01-04T00:00:00Z'],
    ['1w@159h', '2024-01-07T15:00:00Z', '2024-01-07T15:00:00Z', '2024-01-14T15:00:00Z'],
    ['1M@9h', '2024-03-01T08:59:59Z', '2024-02-01T09:00:00Z', '2024-03-01T09:00:00Z'],
    ['1M@-9h', '2024-02-29T15:00:00Z', '2024-02-29T15:00:00Z', '2024-03-31T15:00:00Z'],
    ['1M@-9h', '1969-12-31T14:00:00Z', '1969-11-30T15:00:00Z', '1969-12-31T15:00:00Z'],
    ['1y@90d', '1970-03-31T23:59:59Z', '1969-04-01T00:00:00Z', '1970-04-01T00:00:00Z'],
  ] as const)('%s holds %s in [%s, %s)', (name, at, from, to) => {
    const grid = timeframeGrid(name);
    expect(grid.floor(Date.parse(at))).toBe(Date.parse(from));
    expect(grid.shift(Date.parse(at))).toBe(Date.parse(to));
  });

  it('agrees with the calendar of Date', () => {
    const years1To9999 = fc.integer({ min: MIN_EPOCH_MS, max: MAX_EPOCH_MS });
    fc.assert(
      fc.property(timeframe, years1To9999, (name, at) => {
        const grid = timeframeGrid(name);
        expect(grid.floor(at)).toBe(expectedFloor(at, grid));
      }),
      { numRuns: 2_000 },
    );
  });

  it('divides all of time into periods', () => {
    fc.assert(
      fc.property(timeframe, anyInstant, (name, at) => {
        const grid = timeframeGrid(name);
        const from = grid.floor(at);
        const to = grid.shift(at);
        expect(from <= at && at < to).toBe(true);
        expect(grid.isAligned(from) && grid.isAligned(to)).toBe(true);
        expect(grid.ceil(at)).toBe(at === from ? from : to);
        expect(grid.isAligned(at)).toBe(at === from);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has no -0', () => {
    fc.assert(
      fc.property(timeframe, fc.constantFrom(-1, -0, 0, 1), (name, at) => {
        const grid = timeframeGrid(name);
        const index = grid.indexOf(at);
        const instants = [grid.floor(at), grid.ceil(at), grid.shift(at, -index)];
        expect(instants.some((it) => Object.is(it, -0))).toBe(false);
      }),
    );
  });

  it('numbers the periods one after another', () => {
    fc.assert(
      fc.property(
        timeframe,
        fc.integer({ min: MIN_EPOCH_MS, max: MAX_EPOCH_MS }),
        fc.integer({ min: -40, max: 40 }),
        (name, at, periods) => {
          const grid = timeframeGrid(name);
          const index = grid.indexOf(at);
          expect(grid.startOf(index)).toBe(grid.floor(at));
          expect(grid.indexOf(grid.startOf(index))).toBe(index);
          expect(grid.indexOf(grid.shift(at, periods))).toBe(index + periods);
          expect(grid.shift(at, 0)).toBe(grid.floor(at));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('knows how long its periods are', () => {
    expect(timeframeGrid('15m')).toMatchObject({
      count: 15,
      unit: 'm',
      fixedMs: 900_000,
      origin: 0,
    });
    expect(timeframeGrid('1w')).toMatchObject({
      fixedMs: 604_800_000,
      origin: Date.UTC(1970, 0, 5),
    });
    expect(timeframeGrid('1w@3d')).toMatchObject({
      count: 1,
      unit: 'w',
      originMs: 259_200_000,
      fixedMs: 604_800_000,
      origin: Date.UTC(1970, 0, 8),
    });
    expect(timeframeGrid('1M')).toMatchObject({ fixedMs: undefined, typicalMs: 2_629_746_000 });
    expect(timeframeGrid('1y')).toMatchObject({ fixedMs: undefined, typicalMs: 31_556_952_000 });
  });

  it('is the same object each time', () => {
    expect(timeframeGrid('1m')).toBe(timeframeGrid('1m'));
  });

  it('keeps working when thousands of timeframes were asked for', () => {
    for (let n = 1; n <= 2_000; n += 1) expect(timeframeGrid(`${n}s`).fixedMs).toBe(n * 1_000);
  });
});

describe('the text of a timeframe', () => {
  it.each(timeframes)('%s is one', (name) => expect(isTimeframe(name)).toBe(true));

  it.each([
    '',
    '1',
    'm',
    '0m',
    '01m',
    '-1m',
    '+1m',
    '1.5m',
    '1e3s',
    ' 1m',
    '1m ',
    '1m\n',
    '1H',
    '1D',
    '1W',
    '1Y',
    '1ms',
    '1mm',
    '1m1m',
    '１m',
    '1min',
    '999999999999m',
    '1001y',
    '12001M',
    '99999999d',
    '1m@',
    '1m@s',
    '@1s',
    '1m@1S',
    '1h@1M',
    '1h@+30m',
    '1h@30m@1s',
    '1h@5h30m',
    '1h@1.5m',
    '1d@999999999d',
    '1M@28d',
    '1M@-1d',
    '1y@365d',
    null,
    undefined,
    1,
    60_000,
    ['1m'],
    {},
    1n,
  ])('%s is none', (value) => expect(isTimeframe(value)).toBe(false));

  it('is digits without a leading zero and one unit, at most a thousand years', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.nat(2_000), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'M', 'y', '', 'x', ' '))
        .map(([n, u]) => `${n}${u}`),
    );
    fc.assert(
      fc.property(text, (value) => {
        const parts = /^(?<count>[1-9][0-9]*)(?<unit>[smhdwMy])$/.exec(value);
        const fits = parts !== null && !(parts[2] === 'y' && Number(parts[1]) > 1_000);
        expect(isTimeframe(value)).toBe(fits);
      }),
    );
  });

  it('is refused with the rule it breaks', () => {
    expect(faultOf(() => timeframeGrid('1min' as Timeframe))).toMatchObject({
      field: 'timeframe',
      value: '1min',
      rule: expect.stringContaining('positive whole number'),
    });
    expect(faultOf(() => timeframeGrid('2000y'))).toMatchObject({
      rule: 'must be at most a thousand years',
    });
  });

  it.each([
    ['1h@0m', '1h'],
    ['1h@030m', '1h@30m'],
    ['1h@60m', '1h'],
    ['1h@90m', '1h@30m'],
    ['1d@900m', '1d@15h'],
    ['1d@-9h', '1d@15h'],
    ['1w@7d', '1w'],
    ['1w@10d', '1w@3d'],
    ['2w@1w', '2w@7d'],
    ['1M@-0h', '1M'],
    ['1M@24h', '1M@1d'],
    ['1y@1w', '1y@7d'],
  ])('%s has to be written %s', (name, spelling) => {
    expect(isTimeframe(spelling)).toBe(true);
    expect(faultOf(() => timeframeGrid(name as Timeframe))).toMatchObject({
      field: 'timeframe',
      value: name,
      rule: `must be written "${spelling}"`,
    });
  });

  it('is one for each count, unit and origin', () => {
    const parts = fc.record({
      count: fc.integer({ min: 1, max: 900 }),
      unit: fc.constantFrom('s', 'm', 'h', 'd', 'w', 'M', 'y'),
      seconds: fc.oneof(
        fc.integer({ min: -90_000, max: 700_000 }),
        fc.integer({ min: -30, max: 800 }).map((hours) => hours * 3_600),
      ),
    });
    fc.assert(
      fc.property(parts, ({ count, unit, seconds }) => {
        const shortest = {
          s: 1,
          m: 60,
          h: 3_600,
          d: 86_400,
          w: 604_800,
          M: 2_419_200,
          y: 31_536_000,
        };
        const earliest = unit === 'M' || unit === 'y' ? -86_400 : -1;
        const fits = seconds > earliest && seconds < count * shortest[unit];
        const expected = { count, unit, originMs: seconds * 1_000 };
        if (!fits) return void faultOf(() => timeframeOf(expected));
        const name = timeframeOf(expected);
        expect(timeframeParts(name)).toEqual(expected);
        expect(timeframeGrid(name)).toMatchObject(expected);
        const spellings = (['s', 'm', 'h', 'd', 'w'] as const).map(
          (it) => `${count}${unit}@${seconds / shortest[it]}${it}`,
        );
        expect(spellings.filter(isTimeframe)).toEqual(seconds === 0 ? [] : [name]);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    { count: 0, unit: 'm', originMs: 0 },
    { count: 1.5, unit: 'm', originMs: 0 },
    { count: 1e21, unit: 'm', originMs: 0 },
    { count: 1, unit: 'x' as 'm', originMs: 0 },
    { count: 1, unit: 'm', originMs: 500 },
    { count: 1, unit: 'm', originMs: 60_000 },
    { count: 1, unit: 'm', originMs: Number.NaN },
    { count: 1, unit: 'M', originMs: Number.POSITIVE_INFINITY },
  ] as const)('is not made from %o', (parts) => {
    expect(faultOf(() => timeframeOf(parts))).toMatchObject({ field: 'timeframe' });
  });

  it('sorts by length, then by text', () => {
    const shuffled: Timeframe[] = ['1M', '60m', '1d@15h', '1d', '1y', '1h', '1s', '1w', '30m'];
    expect(shuffled.sort(compareTimeframes)).toEqual([
      '1s',
      '30m',
      '1h',
      '60m',
      '1d',
      '1d@15h',
      '1w',
      '1M',
      '1y',
    ]);
    expect(compareTimeframes('1m', '1m')).toBe(0);
  });
});
