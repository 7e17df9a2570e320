/**
 * What the codec takes: `node --conditions=@barkeep/typescript bench/codec.ts [wasm|js]` in this
 * folder. Times are
 * the best of several rounds, in one thread, over 1,000,000 generated one-minute candles whose
 * volumes have 8 decimals.
 */
import { cpus } from 'node:os';
import { allocateColumns, type CandleSeries } from '@barkeep/core';
import {
  DEFAULT_SEGMENT_LENGTH,
  decodeSegment,
  encodeSegment,
  type KernelName,
} from '../src/index.ts';
import { generatedMarket } from './generated-market.ts';

const CANDLES = 1_000_000;
const ROUNDS = 40;
const LATEST = 1_000;

console.log(`Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}`);
const market = generatedMarket(CANDLES);
const kernel = process.argv[2] === 'js' ? 'js' : 'wasm';
console.table(measure(market, kernel));

function measure(series: CandleSeries, kernel: KernelName) {
  let segments: Uint8Array[] = [];
  const encode = best(Math.ceil(ROUNDS / 4), () => {
    segments = encodeAll(series, kernel);
  });
  const columns = allocateColumns(series.length);
  const recent = allocateColumns(LATEST);
  const decodeAll = (target: Parameters<typeof decodeSegment>[1]): void => {
    let targetOffset = 0;
    for (const segment of segments) {
      targetOffset += decodeSegment(segment, target, { targetOffset, kernel });
    }
  };
  const [full = new Uint8Array()] = segments;
  const start = DEFAULT_SEGMENT_LENGTH - LATEST;
  return {
    kernel,
    'bytes/candle': round(segments.reduce((sum, { length }) => sum + length, 0) / series.length),
    'encode ms': round(encode),
    'decode ms': round(best(ROUNDS, () => decodeAll(columns))),
    'decode close ms': round(best(ROUNDS, () => decodeAll({ close: columns.close }))),
    'latest 1,000 ms': round(best(ROUNDS, () => decodeSegment(full, recent, { start, kernel }))),
  };
}

function encodeAll(series: CandleSeries, kernel: KernelName): Uint8Array[] {
  const segments: Uint8Array[] = [];
  for (let i = 0; i < series.length; i += DEFAULT_SEGMENT_LENGTH) {
    segments.push(encodeSegment(series.slice(i, i + DEFAULT_SEGMENT_LENGTH), { kernel }));
  }
  return segments;
}

function best(rounds: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
