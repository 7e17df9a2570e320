import {
  invalidInput,
  type ListenerSet,
  onlyKnownKeys,
  type Unsubscribe,
  validateSymbol,
} from '@barkeep/core';
import type { IRealtimeCache, RealtimeEvent } from '@barkeep/realtime';
import type { ChangeListeners, StoredChange } from './change-listeners.ts';
import type {
  MarketDataEvent,
  MarketDataEventType,
  MarketDataSelector,
  Notice,
} from './contract/market-data-event.ts';

const REALTIME_TYPES = ['ticker', 'orderBook', 'trades'] as const;
const CANDLE_TYPES = ['candles', 'coverage'] as const;
const ALL_TYPES: readonly MarketDataEventType[] = [...REALTIME_TYPES, ...CANDLE_TYPES];

/**
 * Brings the events of the realtime cache, of the storage's change feed, failures and alerts together. Each
 * source finds its subscribers by symbol, so the realtime cache copies and decodes only what is wanted.
 */
export function subscribeToMarketData(
  changes: ChangeListeners,
  realtime: IRealtimeCache,
  notices: ListenerSet<Notice>,
  selector: MarketDataSelector,
  listener: (event: MarketDataEvent) => void,
): Unsubscribe {
  const { types, symbols } = checkSelector(selector);
  const ends: Unsubscribe[] = [notices.add(listener)];
  const realtimeTypes = REALTIME_TYPES.filter((type) => types.includes(type));
  if (realtimeTypes.length > 0) {
    const wanted = { types: realtimeTypes, ...(symbols === undefined ? {} : { symbols }) };
    ends.push(realtime.subscribe(wanted, (event) => listener(fromRealtime(event))));
  }
  const candleTypes = CANDLE_TYPES.filter((type) => types.includes(type));
  if (candleTypes.length > 0) {
    ends.push(changes.add(candleTypes, symbols, (event) => listener(fromStorage(event))));
  }
  return () => {
    for (const end of ends.splice(0)) end();
  };
}

function fromRealtime(event: RealtimeEvent): MarketDataEvent {
  return event.type === 'lagged' ? { type: 'lagged', of: 'realtime' } : event;
}

function fromStorage(event: StoredChange): MarketDataEvent {
  return event.type === 'lagged' ? { type: 'lagged', of: 'candles' } : event;
}

function checkSelector(selector: MarketDataSelector): {
  readonly types: readonly MarketDataEventType[];
  readonly symbols: readonly string[] | undefined;
} {
  if (selector === null || typeof selector !== 'object') {
    throw invalidInput({
      field: 'selector',
      rule: 'must be { types?, symbols? }',
      value: selector,
    });
  }
  onlyKnownKeys(selector, ['types', 'symbols'], 'selector');
  const { types = ALL_TYPES, symbols } = selector;
  requireList(types, 'types');
  for (const [index, type] of types.entries()) {
    if (ALL_TYPES.includes(type)) continue;
    throw invalidInput({
      field: 'types',
      rule: `must be of ${ALL_TYPES.join(', ')}`,
      value: type,
      index,
    });
  }
  if (symbols !== undefined) {
    requireList(symbols, 'symbols');
    for (const symbol of symbols) validateSymbol(symbol);
  }
  return { types: [...types], symbols: symbols === undefined ? undefined : [...symbols] };
}

function requireList(value: unknown, field: string): void {
  if (!Array.isArray(value)) throw invalidInput({ field, rule: 'must be an array', value });
}
