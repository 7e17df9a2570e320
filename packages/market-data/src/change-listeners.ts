import { TopicListeners, type Unsubscribe } from '@barkeep/core';
import type { ChangeEvent, IMarketDataStorage } from '@barkeep/storage';

/** What subscribers are told of; the service itself reports failures. */
export type StoredChange = Exclude<ChangeEvent, { readonly type: 'failure' }>;
export type StoredChangeType = Exclude<StoredChange['type'], 'lagged'>;

/**
 * Listeners to the storage's change feed, found by type and symbol: an event visits those that want it.
 * The feed has one subscription for all of them, while there are any.
 */
export class ChangeListeners {
  readonly #storage: IMarketDataStorage;
  readonly #listeners = new TopicListeners<StoredChange>();
  #end: Unsubscribe | undefined;

  constructor(storage: IMarketDataStorage) {
    this.#storage = storage;
  }

  /** To changes of all symbols, or of some; and to `lagged`. */
  add(
    types: readonly StoredChangeType[],
    symbols: readonly string[] | undefined,
    listener: (event: StoredChange) => void,
  ): Unsubscribe {
    const topics = types.flatMap((type) =>
      symbols === undefined ? [type] : symbols.map((symbol) => symbolTopic(type, symbol)),
    );
    this.#end ??= this.#storage.changes.subscribe((event) => this.#tell(event));
    const remove = this.#listeners.add(topics, listener);
    return () => {
      remove();
      if (this.#listeners.size > 0) return;
      this.#end?.();
      this.#end = undefined;
    };
  }

  #tell(event: ChangeEvent): void {
    if (event.type === 'failure') return;
    if (event.type === 'lagged') this.#listeners.emitToAll(event);
    else this.#listeners.emit([event.type, symbolTopic(event.type, event.key.symbol)], event);
  }
}

function symbolTopic(type: StoredChangeType, symbol: string): string {
  return `${type} ${symbol}`;
}
