import { type CandleSeries, invalidInput, type TimeframeGrid, timeframeGrid } from '@barkeep/core';
import type { ByteWriter } from './byte-writer.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { ENCODING, FRAME_LENGTH, framesOf, PREDICTOR } from './segment-format.ts';
import { writeStream } from './write-stream.ts';

const PERIODS = WORKSPACE.close;

/** Writes the timestamps as period numbers of the timeframe's grid. @returns Where they end. */
export function writeTimestamps(
  memory: KernelMemory,
  writer: ByteWriter,
  series: CandleSeries,
): number {
  const { kernel, doubles } = memory;
  const at = PERIODS >>> 3;
  toPeriods(series.timestamp, timeframeGrid(series.timeframe), doubles, at);
  const base = (doubles[at] ?? 0) - 1;
  doubles[at - 1] = base;
  kernel.toSteps(PERIODS, series.length, WORKSPACE.residuals);
  const own = Float64Array.from({ length: framesOf(series.length) }, (_, frame) => {
    const position = frame * FRAME_LENGTH;
    return (doubles[at + position - 1] ?? 0) - position - base;
  });
  writer.u32(ENCODING.periods);
  writeStream(memory, writer, series.length, { predictor: PREDICTOR.next, base, own });
  return writer.length;
}

/** @throws BarkeepError `INVALID_INPUT` unless the timestamps ascend along the grid. */
function toPeriods(
  timestamps: Float64Array,
  grid: TimeframeGrid,
  periods: Float64Array,
  at: number,
): void {
  const { fixedMs, origin } = grid;
  let previous = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < timestamps.length; i += 1) {
    const timestamp = timestamps[i] ?? Number.NaN;
    const period =
      fixedMs === undefined ? calendarPeriod(timestamp, grid) : (timestamp - origin) / fixedMs;
    if (!(Number.isSafeInteger(period) && period > previous)) {
      throw invalidInput({
        field: 'timestamp',
        rule: `must be the start of a ${grid.timeframe} period, after the one before`,
        value: timestamp,
        index: i,
      });
    }
    periods[at + i] = period;
    previous = period;
  }
}

function calendarPeriod(timestamp: number, grid: TimeframeGrid): number {
  return grid.isAligned(timestamp) ? grid.indexOf(timestamp) : Number.NaN;
}
