import { invalidInput, onlyKnownKeys } from '@barkeep/core';
import type { GetCandlesOptions } from './contract/market-data-service.ts';

/** The options of a read with every default filled in. */
export interface CheckedGetOptions {
  readonly fetchMissing: boolean;
  readonly onMissing: 'report' | 'throw';
  readonly signal: AbortSignal | undefined;
}

const GET_OPTIONS = ['fetchMissing', 'onMissing', 'signal'] as const;

/** @throws BarkeepError `INVALID_INPUT` naming the option and the rule. */
export function checkGetOptions(options: GetCandlesOptions): CheckedGetOptions {
  onlyKnownKeys(options, GET_OPTIONS, 'options');
  const { fetchMissing = true, onMissing = 'report', signal } = options;
  if (onMissing !== 'report' && onMissing !== 'throw') {
    throw invalidInput({
      field: 'onMissing',
      rule: 'must be "report" or "throw"',
      value: onMissing,
    });
  }
  return { fetchMissing, onMissing, signal };
}
