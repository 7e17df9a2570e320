import { CANDLE_COLUMNS } from '@barkeep/core';
import type { CandleRows } from './candle-peer.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The count, and a checksum of all values bit for bit in their order: equal for equal candles. */
export function digestCandles(rows: CandleRows): string {
  const count = 'timestamp' in rows ? rows.timestamp.length : rows.length;
  const value = new Float64Array(1);
  const words = new Uint32Array(value.buffer);
  let hash = FNV_OFFSET;
  for (const column of CANDLE_COLUMNS) {
    for (let i = 0; i < count; i += 1) {
      value[0] = ('timestamp' in rows ? rows[column][i] : rows[i]?.[column]) ?? Number.NaN;
      hash = Math.imul(hash ^ (words[0] ?? 0), FNV_PRIME);
      hash = Math.imul(hash ^ (hash >>> 15) ^ (words[1] ?? 0), FNV_PRIME);
    }
  }
  return `${count} candles, checksum ${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
