import { invalidInput, onlyKnownKeys, validateSymbol } from '@barkeep/core';
import type { RealtimeEvent, RealtimeSelector } from './realtime-cache.ts';

type EventType = Exclude<RealtimeEvent['type'], 'lagged'>;

const EVENT_TYPES: readonly EventType[] = ['ticker', 'orderBook', 'trades'];

/**
 * Whether an event is one that a selector asks for; `lagged` concerns everyone.
 * @throws BarkeepError `INVALID_INPUT` naming `selector`, `types` or `symbols`.
 */
export function eventFilter(selector: RealtimeSelector): (event: RealtimeEvent) => boolean {
  if (selector === null || typeof selector !== 'object') {
    const rule = 'must be { types?, symbols? }';
    throw invalidInput({ field: 'selector', rule, value: selector });
  }
  onlyKnownKeys(selector, ['types', 'symbols'], 'selector');
  const types = selector.types === undefined ? undefined : checkedTypes(selector.types);
  const symbols = selector.symbols === undefined ? undefined : checkedSymbols(selector.symbols);
  return (event) =>
    event.type === 'lagged' ||
    ((types?.has(event.type) ?? true) && (symbols?.has(symbolOf(event)) ?? true));
}

/** The symbols in an array of their own. @throws BarkeepError `INVALID_INPUT` naming the first bad one. */
export function checkedSymbols(symbols: readonly string[]): ReadonlySet<string> {
  return new Set(symbolList(symbols));
}

/** As `checkedSymbols`, in order and with repetitions. */
export function symbolList(symbols: readonly string[]): readonly string[] {
  if (!Array.isArray(symbols)) {
    throw invalidInput({ field: 'symbols', rule: 'must be an array', value: symbols });
  }
  const list = [...symbols];
  for (const symbol of list) validateSymbol(symbol);
  return list;
}

function checkedTypes(types: readonly EventType[]): ReadonlySet<EventType> {
  const list: readonly EventType[] = Array.isArray(types) ? [...types] : [];
  const unknown = list.findIndex((type) => !EVENT_TYPES.includes(type));
  if (Array.isArray(types) && unknown === -1) return new Set(list);
  const rule = `must be an array of ${EVENT_TYPES.map((type) => `"${type}"`).join(', ')}`;
  throw invalidInput({
    field: 'types',
    rule,
    value: unknown === -1 ? types : list[unknown],
    ...(unknown === -1 ? {} : { index: unknown }),
  });
}

function symbolOf(event: Exclude<RealtimeEvent, { type: 'lagged' }>): string {
  if (event.type === 'ticker') return event.ticker.symbol;
  return event.type === 'orderBook' ? event.book.symbol : event.symbol;
}
