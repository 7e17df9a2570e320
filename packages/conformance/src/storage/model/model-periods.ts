import { type Interval, type SeriesKey, timeframeGrid } from '@barkeep/core';
import { assertDefined } from '../../assertions.ts';
import { START } from '../sample-candles.ts';
import {
  LONGEST_PAGE,
  type ModelPage,
  type ModelRange,
  type ModelWorld,
  POSITIONS,
  VERSIONS,
} from './storage-command.ts';
import type { Span } from './storage-model.ts';

/** Less than any date of ours in seconds. */
const TODAY_IN_SECONDS = 1e9;

/** All the periods there are. */
export const EVER: Span = { from: -1e6, to: 1e6 };

/** The series and the times of a run: positions of commands as periods, and periods as times. */
export class ModelPeriods {
  readonly keys: readonly SeriesKey[];
  readonly #stride: number;
  readonly #isLongAgo: boolean;

  /** @param prefix Keeps the names of a run apart from those of other runs on the same storage. */
  constructor({ series, stride, isLongAgo }: ModelWorld, prefix: string) {
    this.keys = series.map((key) => ({ ...key, symbol: prefix + key.symbol }));
    this.#stride = stride;
    this.#isLongAgo = isLongAgo;
  }

  key(series: number): SeriesKey {
    return assertDefined(this.keys[series], 'a series');
  }

  name(series: number): string {
    const { symbol, timeframe } = this.key(series);
    return `${JSON.stringify(symbol)} ${timeframe}`;
  }

  periods({ at, before, periods, version }: ModelPage): [at: number, version: number][] {
    const first = at * this.#stride - before;
    return Array.from({ length: periods }, (_, i) => [
      first + i,
      version === 'mixed' ? i % VERSIONS : version,
    ]);
  }

  bounds(series: number, { from, to, fromOff, toOff }: ModelRange): Partial<Interval> {
    const bound = (at: number, isOff = false): number =>
      this.at(series, at * this.#stride) + (isOff ? 1 : 0);
    return {
      ...(from === undefined ? {} : { from: bound(from, fromOff) }),
      ...(to === undefined ? {} : { to: bound(to, toOff) }),
    };
  }

  interval(series: number, range: ModelRange): Interval | undefined {
    const { from, to } = this.bounds(series, range);
    return from === undefined || to === undefined ? undefined : { from, to };
  }

  /** The periods that begin in a range. */
  span({ from, to, fromOff, toOff }: ModelRange): Span {
    return {
      from: from === undefined ? EVER.from : from * this.#stride + (fromOff ? 1 : 0),
      to: to === undefined ? EVER.to : to * this.#stride + (toOff ? 1 : 0),
    };
  }

  /** The periods that lie in a range as a whole. */
  whole(range: ModelRange): Span {
    return this.span({ ...range, toOff: false });
  }

  /** The periods that a range touches. */
  touched(range: ModelRange): Span {
    const isEmpty = range.from === range.to && range.fromOff === range.toOff;
    return isEmpty && range.from !== undefined
      ? { from: 0, to: 0 }
      : this.span({ ...range, fromOff: false });
  }

  time(series: number, { from, to }: Span): Interval {
    return { from: this.at(series, from), to: this.at(series, to) };
  }

  at(series: number, period: number): number {
    const grid = timeframeGrid(this.key(series).timeframe);
    if (!this.#isLongAgo) {
      return grid.startOf(Math.ceil(grid.indexOf(START) / 1_024) * 1_024 + period);
    }
    // The last pages reach over the epoch, unless that is as far as epoch seconds of today lie.
    const beyond = LONGEST_PAGE * grid.typicalMs < TODAY_IN_SECONDS ? 0 : LONGEST_PAGE;
    return grid.startOf(period - POSITIONS * this.#stride - beyond);
  }
}
