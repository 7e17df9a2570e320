import { Listener } from './listener.ts';

/** Removes a listener. Further calls have no effect. */
export type Unsubscribe = () => void;

/**
 * A set of event listeners. If a listener throws, the others are still called; the error is
 * rethrown in a microtask and reaches the process's handler for uncaught errors.
 */
export class ListenerSet<Event> {
  readonly #listeners = new Set<Listener<Event>>();

  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Adds a listener and returns a function that removes it.
   * @throws TypeError if `listener` is not a function.
   */
  add(listener: (event: Event) => void): Unsubscribe {
    const entry = new Listener(listener);
    this.#listeners.add(entry);
    return () => {
      entry.end();
      this.#listeners.delete(entry);
    };
  }

  emit(event: Event): void {
    for (const listener of [...this.#listeners]) listener.tell(event);
  }

  clear(): void {
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }
}
