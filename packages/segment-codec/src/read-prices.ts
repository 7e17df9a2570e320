import type { CandleColumns } from '@barkeep/core';
import { isBits } from './column-encoding.ts';
import { corruptSegment } from './corrupt-segment.ts';
import { readBits } from './read-bits.ts';
import { type DecimalColumn, decodeDecimals, readDecimalColumn } from './read-decimals.ts';
import { PREDICTOR } from './segment-format.ts';
import { loadColumn, type SegmentPart } from './segment-part.ts';

export type PriceColumn = 'open' | 'high' | 'low' | 'close';

const TOLD_FROM_CLOSE = Object.freeze(['open', 'high', 'low'] as const);

const PREDICTOR_OF = Object.freeze({
  close: PREDICTOR.previous,
  open: PREDICTOR.previousClose,
  high: PREDICTOR.aboveBody,
  low: PREDICTOR.belowBody,
});

/**
 * Decodes prices of a part's frames, one column after the other, to the workspace's values, where
 * `take` must fetch each before the next is decoded. Columns that are not wanted are decoded only if
 * wanted ones are told from them.
 * @throws BarkeepError `CORRUPT`
 */
export function readPrices(
  part: SegmentPart,
  wanted: Partial<CandleColumns>,
  take: (column: PriceColumn) => void,
): void {
  const wantsRange = wanted.high !== undefined || wanted.low !== undefined;
  const wantsBody = wantsRange || wanted.open !== undefined;
  const close = wantsBody || wanted.close !== undefined ? readClose(part) : undefined;
  if (wanted.close !== undefined) take('close');
  for (const column of TOLD_FROM_CLOSE) {
    const isWanted = wanted[column] !== undefined;
    if (!isWanted && !(column === 'open' && wantsRange && close !== undefined)) continue;
    readToldFromClose(part, column, close);
    if (isWanted) take(column);
  }
}

/** @returns What the other prices are told from; `undefined` when prices are stored as bits. */
function readClose(part: SegmentPart): DecimalColumn | undefined {
  const { frames } = part;
  const payload = loadColumn(part, 'close');
  if (isBits(payload)) {
    readBits(payload, frames);
    return undefined;
  }
  const column = readDecimalColumn(payload, frames, [PREDICTOR_OF.close]);
  decodeDecimals(payload, column);
  return column;
}

function readToldFromClose(
  part: SegmentPart,
  name: 'open' | 'high' | 'low',
  close: DecimalColumn | undefined,
): void {
  const { frames } = part;
  const payload = loadColumn(part, name);
  if (isBits(payload)) {
    readBits(payload, frames);
    return;
  }
  const column = readDecimalColumn(payload, frames, [PREDICTOR_OF[name]]);
  if (close?.scale !== column.scale || close.unit !== column.unit) {
    throw corruptSegment('the prices have different units', payload.at - payload.origin);
  }
  decodeDecimals(payload, column);
}
