const UNITS = [
  { size: 1_000, name: 's' },
  { size: 1, name: 'ms' },
  { size: 1e-3, name: 'µs' },
  { size: 1e-6, name: 'ns' },
] as const;

const NANOSECOND = UNITS[UNITS.length - 1] ?? UNITS[0];

/** Milliseconds in the unit that suits their size, with three digits: `812 ms`, `1.34 s`, `95.2 ns`. */
export function formatDuration(ms: number): string {
  const unit = UNITS.find(({ size }) => ms >= size) ?? NANOSECOND;
  return `${threeDigits(ms / unit.size)} ${unit.name}`;
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

/** How Barkeep does against another, from the other's time over Barkeep's: `3.1× faster`. */
export function formatRatio(ratio: number): string {
  const times = threeDigits(Math.max(ratio, 1 / ratio));
  if (times === '1.00') return 'as fast';
  return `${times}× ${ratio > 1 ? 'faster' : 'slower'}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return formatCount(Math.round(value));
  return value.toFixed(value >= 9.995 ? 1 : 2);
}
