const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A price with the decimals that quotes at its height have. */
export function formatPrice(price: number): string {
  const decimals = Math.abs(price) >= 100 ? 2 : Math.abs(price) >= 1 ? 4 : 8;
  return price.toLocaleString('en', { maximumFractionDigits: decimals });
}

/** An amount with as many decimals as make it worth a few won: the same for all of a market. */
export function formatAmount(amount: number, price: number): string {
  const decimals = Math.min(6, Math.max(0, Math.floor(Math.log10(Math.abs(price))) - 2));
  return amount.toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** 1234567 as 1.23M. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

export function formatWhole(value: number): string {
  return whole.format(value);
}

/** 0.0153 as +1.53%. */
export function formatRate(rate: number): string {
  return `${signOf(rate)}${Math.abs(rate * 100).toFixed(2)}%`;
}

/** A price difference with its sign. */
export function formatChange(change: number): string {
  return `${signOf(change)}${formatPrice(Math.abs(change))}`;
}

/** The class of a number that rose or fell. */
export function direction(value: number): 'up' | 'down' | '' {
  return value > 0 ? 'up' : value < 0 ? 'down' : '';
}

/** An instant as 2026-01-31 09:05, in UTC. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString().slice(0, 16).replace('T', ' ');
}

/** An instant's time of day in UTC. */
export function formatTime(instant: number): string {
  return new Date(instant).toISOString().slice(11, 19);
}

/** Bytes as kB, MB or GB. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e3).toFixed(1)} kB`;
}

export function formatDuration(ms: number): string {
  return ms >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.max(1, Math.round(ms))} ms`;
}

function signOf(value: number): string {
  return value > 0 ? '+' : value < 0 ? '−' : '';
}
