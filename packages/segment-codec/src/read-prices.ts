import { isBits } from './column-encoding.ts';
import { corruptSegment } from './corrupt-segment.ts';
import { unpackIntegers, unpackResiduals } from './frame-stream.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { readBits } from './read-bits.ts';
import { type DecimalColumn, readDecimalColumn, toValues } from './read-decimals.ts';
import { PREDICTOR } from './segment-format.ts';
import { type ColumnPayload, loadColumn, type SegmentPart } from './segment-part.ts';

export type PriceColumn = 'open' | 'high' | 'low' | 'close';

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
  wanted: ReadonlySet<string>,
  take: (column: PriceColumn) => void,
): void {
  const wantsBody = wanted.has('open') || wanted.has('high') || wanted.has('low');
  const close = wantsBody || wanted.has('close') ? readClose(part) : undefined;
  if (wanted.has('close')) take('close');
  if (!wantsBody) return;
  const wantsRange = wanted.has('high') || wanted.has('low');
  for (const column of ['open', 'high', 'low'] as const) {
    const needed = wanted.has(column) || (column === 'open' && wantsRange && close !== undefined);
    if (!needed) continue;
    readToldFromClose(part, column, close);
    if (wanted.has(column)) take(column);
  }
}

/** @returns What the other prices are told from; `undefined` when prices are stored as bits. */
function readClose(part: SegmentPart): DecimalColumn | undefined {
  const { memory, frames } = part;
  const payload = loadColumn(part, 'close');
  if (isBits(payload)) {
    readBits(payload, frames);
    return undefined;
  }
  const column = readDecimalColumn(payload, frames, PREDICTOR_OF.close);
  unpackIntegers(memory, column.stream, frames, WORKSPACE.close);
  toValues(payload, column, frames, WORKSPACE.close);
  return column;
}

function readToldFromClose(
  part: SegmentPart,
  name: 'open' | 'high' | 'low',
  close: DecimalColumn | undefined,
): void {
  const { memory, frames } = part;
  const payload = loadColumn(part, name);
  if (isBits(payload)) {
    readBits(payload, frames);
    return;
  }
  const column = readDecimalColumn(payload, frames, PREDICTOR_OF[name]);
  if (close?.scale !== column.scale || close.unit !== column.unit) {
    throw corruptSegment('the prices have different units', payload.at - payload.origin);
  }
  const integersAt = WORKSPACE[name];
  const count = unpackResiduals(memory, column.stream, frames, integersAt);
  toIntegers(payload, name, count);
  toValues(payload, column, frames, integersAt);
}

function toIntegers({ memory }: ColumnPayload, name: 'open' | 'high' | 'low', count: number): void {
  const { kernel } = memory;
  const { open, high, low, close } = WORKSPACE;
  if (name === 'open') kernel.addPreviousClose(open, close, count);
  else if (name === 'high') kernel.addToBody(high, open, close, count);
  else kernel.takeFromBody(low, open, close, count);
}
