import type { AlertName } from '../contract/alert.ts';
import { ALERT_READINGS, type AlertReading } from './alert-readings.ts';

const MIB = 2 ** 20;

/** Such as `write-ahead log of the storage: 300 MiB, at or above 256 MiB`. */
export function alertMessage(
  name: AlertName,
  value: number,
  threshold: number,
  side: 'above' | 'below',
): string {
  const { label, unit } = ALERT_READINGS[name];
  return `${label}: ${written(value, unit)}, at or ${side} ${written(threshold, unit)}`;
}

function written(value: number, unit: AlertReading['unit']): string {
  switch (unit) {
    case 'share':
      return `${rounded(value * 100)} %`;
    case 'bytes':
      return value < MIB ? `${rounded(value)} bytes` : `${rounded(value / MIB)} MiB`;
    case 'days':
      return value === Number.POSITIVE_INFINITY ? 'never' : `${rounded(value)} days`;
    case 'ms':
      return `${rounded(value)} ms`;
    case 'count':
      return rounded(value);
  }
}

function rounded(value: number): string {
  return String(Number(value.toFixed(1)));
}
