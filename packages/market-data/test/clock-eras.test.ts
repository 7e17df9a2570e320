import { expect, it } from 'vitest';
import { ClockEras } from '../src/live/clock-eras.ts';

const jump = (before: number, byMs: number) => ({ before, byMs, after: before + byMs });

it('says nothing of a clock that jumps forward: it was behind, or the process slept', () => {
  const eras = new ClockEras(0);
  expect(eras.end(jump(10, 500))).toEqual([]);
  expect(eras.end(jump(600, 7))).toEqual([]);
});

it('takes the time since the last jump for ahead when the clock is set back', () => {
  const eras = new ClockEras(0);
  eras.end(jump(10, 500));
  expect(eras.end(jump(600, -500)).at(-1)).toEqual({ from: 510, to: 600, aheadMs: 500 });
});

it('takes the times before for ahead as well: by as much, or by what the jumps leave', () => {
  const eras = new ClockEras(0);
  eras.end(jump(10, 7));
  eras.end(jump(20, 9_000));
  expect(eras.end(jump(9_030, -9_007))).toEqual([
    { from: 0, to: 10, aheadMs: 9_007 },
    { from: 17, to: 20, aheadMs: 9_007 },
    { from: 9_020, to: 9_030, aheadMs: 9_007 },
  ]);
  // What was said by then has been doubted.
  expect(eras.end(jump(40, -5))).toEqual([{ from: 23, to: 40, aheadMs: 5 }]);
});
