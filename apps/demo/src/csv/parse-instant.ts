import type { EpochMs } from '@barkeep/core';

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;

/** How many digits an epoch has in each unit, for instants from 1973 to 5138, or before 1970 as far away. */
const EPOCH_UNITS = [
  { digits: 11, perMs: { multiply: 1_000n } },
  { digits: 14, perMs: { multiply: 1n } },
  { digits: 17, perMs: { divide: 1_000n } },
  { digits: 20, perMs: { divide: 1_000_000n } },
] as const;

/**
 * The instant a text names, or the rule it breaks: ISO 8601 (UTC where no zone is given, as
 * exchanges mean it) or an epoch in seconds, milli-, micro- or nanoseconds, told apart by length.
 */
export function parseInstant(text: string): EpochMs | { readonly rule: string } {
  if (/^-?\d{1,20}(?:\.0+)?$/.test(text)) return parseEpoch(text.replace(/\..*/, ''));
  const match = ISO.exec(text);
  return match === null
    ? { rule: 'must be ISO 8601 or an epoch in s, ms, µs or ns' }
    : parseIso(match);
}

function parseEpoch(text: string): EpochMs | { readonly rule: string } {
  const digits = text.replace('-', '').length;
  const unit = EPOCH_UNITS.find((it) => digits <= it.digits) ?? EPOCH_UNITS[3];
  const value = BigInt(text);
  if ('multiply' in unit.perMs) return Number(value * unit.perMs.multiply);
  if (value % unit.perMs.divide !== 0n) return { rule: 'must be a whole number of milliseconds' };
  return Number(value / unit.perMs.divide);
}

function parseIso(match: RegExpExecArray): EpochMs | { readonly rule: string } {
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    match;
  const ms = fraction.padEnd(3, '0');
  if (/[1-9]/.test(ms.slice(3))) return { rule: 'must be a whole number of milliseconds' };
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms.slice(0, 3)}`;
  const utc = Date.parse(`${local}Z`);
  // Date.parse lets some days that do not exist roll over into the next month.
  if (Number.isNaN(utc) || new Date(utc).toISOString() !== `${local}Z`) {
    return { rule: 'must be a time that exists' };
  }
  return utc - zoneOffsetMs(zone);
}

function zoneOffsetMs(zone: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}
