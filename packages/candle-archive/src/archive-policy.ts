import { invalidInput, onlyKnownKeys } from '@barkeep/core';
import { DEFAULT_SEGMENT_LENGTH, MAX_SEGMENT_LENGTH } from '@barkeep/segment-codec';

/** When candles are kept in compressed segments instead of rows. */
export interface ArchivePolicy {
  /** How many candles a full segment has, at most 65,536. Default: 4,096. */
  readonly segmentCandles: number;
  /**
   * How many of the latest rows of a series stay rows. Compaction waits until there are enough more
   * to fill a segment. At least 1, since the last candle may still change. Default: 512.
   */
  readonly keepRows: number;
  /**
   * How many candles a write needs to change at one place to go into segments at once instead of
   * into rows. Default: 512.
   */
  readonly bulkCandles: number;
  /**
   * Whether compaction runs by itself, between other calls. If not, only when it is asked to.
   * Default: true.
   */
  readonly automatic: boolean;
}

/** `off` keeps every candle in a row of its own, and turns segments that there are back into rows. */
export type ArchiveOption = 'off' | Partial<ArchivePolicy>;

const DEFAULTS: ArchivePolicy = Object.freeze({
  segmentCandles: DEFAULT_SEGMENT_LENGTH,
  keepRows: 512,
  bulkCandles: 512,
  automatic: true,
});
const MOST_ROWS = 1_000_000_000;

/**
 * The policy with every default filled in.
 * @throws BarkeepError `INVALID_INPUT` naming the option.
 */
export function archivePolicy(option: ArchiveOption = {}): ArchivePolicy | 'off' {
  if (option === 'off') return option;
  if (option === null || typeof option !== 'object') {
    throw invalidInput({
      field: 'archive',
      rule: 'must be "off" or { segmentCandles?, keepRows?, bulkCandles?, automatic? }',
      value: option,
    });
  }
  onlyKnownKeys(option, Object.keys(DEFAULTS), 'archive');
  const { automatic = DEFAULTS.automatic } = option;
  if (typeof automatic !== 'boolean') {
    throw invalidInput({
      field: 'archive.automatic',
      rule: 'must be a boolean',
      value: automatic,
    });
  }
  return Object.freeze({
    segmentCandles: wholeNumber(option, 'segmentCandles', MAX_SEGMENT_LENGTH),
    keepRows: wholeNumber(option, 'keepRows', MOST_ROWS),
    bulkCandles: wholeNumber(option, 'bulkCandles', MOST_ROWS),
    automatic,
  });
}

function wholeNumber(
  option: Partial<ArchivePolicy>,
  field: Exclude<keyof ArchivePolicy, 'automatic'>,
  most: number,
): number {
  const value = option[field] ?? DEFAULTS[field];
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw invalidInput({
    field: `archive.${field}`,
    rule: `must be a whole number from 1 to ${most}`,
    value,
  });
}
