import {
  BarkeepError,
  invalidInput,
  onlyKnownKeys,
  timeframeGrid,
  validateSymbol,
} from '@barkeep/core';
import type { RetentionRule } from './market-data-config.ts';

/** A rule with its duration in milliseconds. */
export interface CheckedRetentionRule extends RetentionRule {
  /** `Infinity`: everything is kept. */
  readonly keepMs: number;
}

const KEYS = ['symbol', 'symbolPrefix', 'timeframe', 'tags', 'keep'] as const;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const LONGEST_MS = 365_250 * UNIT_MS.d;

/** @throws BarkeepError `INVALID_INPUT` naming the rule by its position, the field and the rule. */
export function checkRetention(rules: readonly RetentionRule[]): CheckedRetentionRule[] {
  if (!Array.isArray(rules)) {
    throw invalidInput({ field: 'retention', rule: 'must be an array of rules', value: rules });
  }
  return rules.map((rule: RetentionRule, index) => {
    try {
      return checkRule(rule);
    } catch (error) {
      throw withPlace(error, `retention[${index}]`);
    }
  });
}

function checkRule(rule: RetentionRule): CheckedRetentionRule {
  if (typeof rule !== 'object' || rule === null) {
    throw invalidInput({ field: '', rule: 'must be an object', value: rule });
  }
  onlyKnownKeys(rule, KEYS, '');
  const { symbol, symbolPrefix, timeframe, tags, keep } = rule;
  if (symbol !== undefined) checkSymbol(symbol, 'symbol');
  if (symbolPrefix !== undefined) checkSymbol(symbolPrefix, 'symbolPrefix');
  if (timeframe !== undefined) timeframeGrid(timeframe);
  if (tags !== undefined && !isTextList(tags)) {
    throw invalidInput({ field: 'tags', rule: 'must be an array of strings', value: tags });
  }
  return Object.freeze({ ...rule, keepMs: durationOf(keep) });
}

function durationOf(keep: string): number {
  if (keep === 'all') return Number.POSITIVE_INFINITY;
  const [, count, unit] = /^([1-9]\d{0,9})([smhdw])$/.exec(keep) ?? [];
  const ms = Number(count) * (isUnit(unit) ? UNIT_MS[unit] : Number.NaN);
  if (ms <= LONGEST_MS) return ms;
  throw invalidInput({
    field: 'keep',
    rule: 'must be "all" or a duration such as "90d", "12h" or "4w" (units s, m, h, d, w) of at most 365250d',
    value: keep,
  });
}

function isUnit(unit: string | undefined): unit is keyof typeof UNIT_MS {
  return unit !== undefined && unit in UNIT_MS;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function checkSymbol(value: string, field: string): void {
  try {
    validateSymbol(value);
  } catch (error) {
    throw BarkeepError.is(error, 'INVALID_INPUT') ? renamed(error, field) : error;
  }
}

function renamed(error: BarkeepError, field: string): BarkeepError {
  const { rule, value } = error.details;
  return invalidInput({ field, rule: String(rule), value });
}

function withPlace(error: unknown, place: string): unknown {
  if (!BarkeepError.is(error, 'INVALID_INPUT')) return error;
  const { field, rule, value } = error.details;
  const name = field === '' ? place : `${place}.${String(field)}`;
  return invalidInput({ field: name, rule: String(rule), value });
}
