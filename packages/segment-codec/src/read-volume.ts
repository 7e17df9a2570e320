import { isBits } from './column-encoding.ts';
import { readBits } from './read-bits.ts';
import { decodeDecimals, readDecimalColumn } from './read-decimals.ts';
import { PREDICTOR } from './segment-format.ts';
import { loadColumn, type SegmentPart } from './segment-part.ts';

/** Decodes the volumes of a part's frames to the workspace's values. */
export function readVolume(part: SegmentPart): void {
  const { frames } = part;
  const payload = loadColumn(part, 'volume');
  if (isBits(payload)) {
    readBits(payload, frames);
    return;
  }
  const column = readDecimalColumn(payload, frames, PREDICTOR.base);
  decodeDecimals(payload, column);
}
