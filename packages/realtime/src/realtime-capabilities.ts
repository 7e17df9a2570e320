import type { Platform } from '@barkeep/core';

/**
 * What an adapter can do. Constant for the life of an instance. An adapter states its `maxTradesPerSymbol`, and
 * what goes beyond the least: values of its own `process`, in `node`, without other bounds.
 */
export interface RealtimeCapabilities {
  /** Whether several processes see one another's values and events. */
  readonly sharing: 'process' | 'multi-process';
  readonly platforms: readonly Platform[];
  /** The most symbols it keeps of each kind; `undefined` when it has no such bound. */
  readonly maxSymbols?: number | undefined;
  /** The most trades it keeps of a symbol. */
  readonly maxTradesPerSymbol: number;
  /** The most levels it keeps of each side of an order book: the best ones. `undefined`: all. */
  readonly maxBookDepth?: number | undefined;
}
