import type { Unit } from '../bench-case.ts';

const UNITS = [
  { size: 1_000, name: 's' },
  { size: 1, name: 'ms' },
  { size: 1e-3, name: 'µs' },
  { size: 1e-6, name: 'ns' },
] as const;

const BYTE_UNITS = [
  { size: 1e9, name: 'GB' },
  { size: 1e6, name: 'MB' },
  { size: 1e3, name: 'kB' },
] as const;

const RATIO_WORDS = {
  ms: { better: 'faster', worse: 'slower', equal: 'as fast' },
  bytes: { better: 'smaller', worse: 'larger', equal: 'as large' },
} as const;

const NANOSECOND = UNITS[UNITS.length - 1] ?? UNITS[0];

/** Milliseconds in the unit that suits their size, with three digits: `812 ms`, `1.34 s`, `95.2 ns`. */
export function formatDuration(ms: number): string {
  const unit = UNITS.find(({ size }) => ms >= size) ?? NANOSECOND;
  return `${threeDigits(ms / unit.size)} ${unit.name}`;
}

/** Bytes with three digits: `7.91 B`, `1.34 MB`. */
export function formatBytes(bytes: number): string {
  const unit = BYTE_UNITS.find(({ size }) => bytes >= size);
  return unit === undefined
    ? `${threeDigits(bytes)} B`
    : `${threeDigits(bytes / unit.size)} ${unit.name}`;
}

export function formatAmount(amount: number, unit: Unit): string {
  return unit === 'ms' ? formatDuration(amount) : formatBytes(amount);
}

/** A whole number with separators: `1,000,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** So much a second, with three digits: `1.23 M candles/s`. */
export function formatRate(amount: number, ms: number, unit: string): string {
  const perSecond = (amount * 1_000) / ms;
  if (perSecond >= 1e6) return `${threeDigits(perSecond / 1e6)} M ${unit}/s`;
  if (perSecond >= 1e3) return `${threeDigits(perSecond / 1e3)} k ${unit}/s`;
  return `${threeDigits(perSecond)} ${unit}/s`;
}

/** How Barkeep does against another, from the other's median over Barkeep's: `3.1× faster`. */
export function formatRatio(ratio: number, unit: Unit): string {
  const words = RATIO_WORDS[unit];
  const times = Number.isFinite(ratio) ? threeDigits(Math.max(ratio, 1 / ratio)) : '∞';
  if (times === '1.00') return words.equal;
  return `${times}× ${ratio > 1 ? words.better : words.worse}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return formatCount(Math.round(value));
  return value.toFixed(value >= 9.995 ? 1 : 2);
}
