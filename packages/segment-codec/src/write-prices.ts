import { type CandleColumns, invalidInput } from '@barkeep/core';
import type { ByteWriter } from './byte-writer.ts';
import { integersOf } from './integer-columns.ts';
import type { KernelMemory } from './kernel/kernel-memory.ts';
import { WORKSPACE } from './kernel/workspace.ts';
import { PREDICTOR } from './segment-format.ts';
import { basesBefore, type StreamBases } from './stream-bases.ts';
import { writeBits } from './write-bits.ts';
import { writeDecimals } from './write-decimals.ts';

type Price = 'open' | 'high' | 'low' | 'close';

const PRICES: readonly Price[] = Object.freeze(['open', 'high', 'low', 'close'] as const);
const { open, high, low, close, residuals } = WORKSPACE;

/**
 * Writes the four prices: as integers of one scale and unit, each told from the others, or all of
 * them as bits.
 * @returns Where each of them ends, in the order in which they are written.
 */
export function writePrices(
  memory: KernelMemory,
  writer: ByteWriter,
  candles: CandleColumns,
): readonly (readonly [name: Price, end: number])[] {
  const { kernel } = memory;
  const count = candles.close.length;
  const columns = PRICES.map((field) => ({
    field,
    values: candles[field],
    integersAt: WORKSPACE[field],
  }));
  const integers = integersOf(memory, columns);
  if (integers === undefined) {
    return columns.map(({ field, values }) => [field, writeBits(memory, writer, values)]);
  }
  const bases = basesBefore(memory, close, count);
  const write = (field: Price, from: StreamBases): number =>
    writeDecimals(memory, writer, candles[field], integers, PRICES.indexOf(field), from);

  kernel.fromPreviousClose(open, close, count, residuals);
  const openEnd = write('open', { predictor: PREDICTOR.previousClose, base: 0 });
  const badHigh = kernel.aboveBody(high, open, close, count, residuals);
  if (badHigh < count) throw outsideBody('high', candles, badHigh);
  const highEnd = write('high', { predictor: PREDICTOR.aboveBody, base: 0 });
  const badLow = kernel.belowBody(low, open, close, count, residuals);
  if (badLow < count) throw outsideBody('low', candles, badLow);
  const lowEnd = write('low', { predictor: PREDICTOR.belowBody, base: 0 });
  kernel.toDeltas(close, count, residuals);
  const closeEnd = write('close', bases);
  return [
    ['open', openEnd],
    ['high', highEnd],
    ['low', lowEnd],
    ['close', closeEnd],
  ];
}

function outsideBody(field: 'high' | 'low', candles: CandleColumns, index: number): Error {
  const side = field === 'high' ? 'below' : 'above';
  return invalidInput({
    field,
    rule: `must not be ${side} open or close`,
    value: candles[field][index],
    index,
  });
}
