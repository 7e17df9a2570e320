import { REQUIRED_COLUMNS, type RequiredColumn } from '@barkeep/core';
import type { CandleRows } from './candle-peer.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The count, and a checksum of all values bit for bit in their order: equal for equal candles. */
export function digestCandles(...parts: readonly CandleRows[]): string {
  const digest = new CandleDigest();
  for (const part of parts) digest.add(part);
  return digest.toString();
}

/** The same of the values of one column. */
export function digestColumn(values: ArrayLike<number>): string {
  const checksum = new Checksum();
  for (let i = 0; i < values.length; i += 1) checksum.add(values[i]);
  return `${values.length} values, checksum ${hex(checksum.value)}`;
}

/** Candles that come in parts: where they are cut makes no difference. */
export class CandleDigest {
  readonly #checksums = REQUIRED_COLUMNS.map((column) => ({ column, checksum: new Checksum() }));
  #count = 0;

  add(rows: CandleRows): void {
    const count = 'timestamp' in rows ? rows.timestamp.length : rows.length;
    for (const { column, checksum } of this.#checksums) addColumn(checksum, rows, column, count);
    this.#count += count;
  }

  toString(): string {
    const whole = new Checksum();
    for (const { checksum } of this.#checksums) whole.add(checksum.value);
    return `${this.#count} candles, checksum ${hex(whole.value)}`;
  }
}

class Checksum {
  readonly #number = new Float64Array(1);
  readonly #words = new Uint32Array(this.#number.buffer);
  #hash = FNV_OFFSET;

  add(value: number | undefined): void {
    this.#number[0] = value ?? Number.NaN;
    const mixed = Math.imul(this.#hash ^ (this.#words[0] ?? 0), FNV_PRIME);
    this.#hash = Math.imul(mixed ^ (mixed >>> 15) ^ (this.#words[1] ?? 0), FNV_PRIME);
  }

  get value(): number {
    return this.#hash >>> 0;
  }
}

function addColumn(
  checksum: Checksum,
  rows: CandleRows,
  column: RequiredColumn,
  count: number,
): void {
  if ('timestamp' in rows) {
    const values = rows[column];
    for (let i = 0; i < count; i += 1) checksum.add(values[i]);
    return;
  }
  for (let i = 0; i < count; i += 1) checksum.add(rows[i]?.[column]);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
