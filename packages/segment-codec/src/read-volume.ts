import { isBits } from './column-encoding.ts';
import { unpackIntegers } from './frame-stream.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { readBits } from './read-bits.ts';
import { readDecimalColumn, toValues } from './read-decimals.ts';
import { PREDICTOR } from './segment-format.ts';
import { loadColumn, type SegmentPart } from './segment-part.ts';

const INTEGERS = WORKSPACE.low;

/** Decodes the volumes of a part's frames to the workspace's values. */
export function readVolume(part: SegmentPart): void {
  const { memory, frames } = part;
  const payload = loadColumn(part, 'volume');
  if (isBits(payload)) {
    readBits(payload, frames);
    return;
  }
  const column = readDecimalColumn(payload, frames, PREDICTOR.base);
  unpackIntegers(memory, column.stream, frames, INTEGERS);
  toValues(payload, column, frames, INTEGERS);
}
