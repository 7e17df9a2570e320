import { corruptSegment } from './corrupt-segment.ts';
import { ENCODING } from './segment-format.ts';
import type { ColumnPayload } from './segment-part.ts';

/**
 * Whether a column of prices or volumes holds bits; if not, it holds decimals.
 * @throws BarkeepError `CORRUPT` when it holds neither.
 */
export function isBits({ memory, at, limit, origin }: ColumnPayload): boolean {
  const encoding = limit > at ? memory.view.getUint8(at) : 0;
  if (encoding !== ENCODING.bits && encoding !== ENCODING.decimal) {
    throw corruptSegment('a column has an unknown encoding', at - origin);
  }
  return encoding === ENCODING.bits;
}
