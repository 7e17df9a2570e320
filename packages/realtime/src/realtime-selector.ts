import { invalidInput, onlyKnownKeys, validateSymbol } from '@barkeep/core';
import type { RealtimeEvent, RealtimeSelector } from './realtime-cache.ts';

/** Types of stored values that are published. */
export type EventType = Exclude<RealtimeEvent['type'], 'lagged'>;

const EVENT_TYPES: readonly EventType[] = ['ticker', 'orderBook', 'trades'];

/**
 * The topics of a selector, for `TopicListeners`. `lagged` goes to everyone.
 * @throws BarkeepError `INVALID_INPUT` naming `selector`, `types` or `symbols`.
 */
export function selectedTopics(selector: RealtimeSelector): string[] {
  if (selector === null || typeof selector !== 'object') {
    const rule = 'must be { types?, symbols? }';
    throw invalidInput({ field: 'selector', rule, value: selector });
  }
  onlyKnownKeys(selector, ['types', 'symbols'], 'selector');
  const types = selector.types === undefined ? EVENT_TYPES : checkedTypes(selector.types);
  if (selector.symbols === undefined) return [...types];
  const symbols = new Set(symbolList(selector.symbols));
  return types.flatMap((type) => [...symbols].map((symbol) => symbolTopic(type, symbol)));
}

/** The topics of an event: its type, and its type and symbol. */
export function topicsOf(type: EventType, symbol: string): readonly string[] {
  return [type, symbolTopic(type, symbol)];
}

export function symbolOf(event: Exclude<RealtimeEvent, { type: 'lagged' }>): string {
  if (event.type === 'ticker') return event.ticker.symbol;
  return event.type === 'orderBook' ? event.book.symbol : event.symbol;
}

/**
 * Validates symbols and returns a copy of the list.
 * @throws BarkeepError `INVALID_INPUT` naming the first invalid one.
 */
export function symbolList(symbols: readonly string[]): readonly string[] {
  if (!Array.isArray(symbols)) {
    throw invalidInput({ field: 'symbols', rule: 'must be an array', value: symbols });
  }
  const list = [...symbols];
  for (const symbol of list) validateSymbol(symbol);
  return list;
}

function symbolTopic(type: EventType, symbol: string): string {
  return `${type} ${symbol}`;
}

function checkedTypes(types: readonly EventType[]): readonly EventType[] {
  const list: readonly EventType[] = Array.isArray(types) ? [...types] : [];
  const unknown = list.findIndex((type) => !EVENT_TYPES.includes(type));
  if (Array.isArray(types) && unknown === -1) return list;
  const rule = `must be an array of ${EVENT_TYPES.map((type) => `"${type}"`).join(', ')}`;
  throw invalidInput({
    field: 'types',
    rule,
    value: unknown === -1 ? types : list[unknown],
    ...(unknown === -1 ? {} : { index: unknown }),
  });
}
