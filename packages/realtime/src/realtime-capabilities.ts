import type { Platform } from '@barkeep/core';

/**
 * What an adapter supports. Constant for the life of an instance. An adapter declares
 * `maxTradesPerSymbol`, and otherwise only what exceeds the defaults: `sharing: 'process'`, `node`,
 * no other bounds.
 */
export interface RealtimeCapabilities {
  /** Whether processes see each other's values and events. */
  readonly sharing: 'process' | 'multi-process';
  readonly platforms: readonly Platform[];
  /** Maximum number of symbols per kind; `undefined` if unbounded. */
  readonly maxSymbols?: number | undefined;
  /** Maximum number of trades per symbol. */
  readonly maxTradesPerSymbol: number;
  /**
   * Maximum number of levels per side of an order book; the best are kept. `undefined` if
   * unbounded.
   */
  readonly maxBookDepth?: number | undefined;
}
