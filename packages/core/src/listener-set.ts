import { Listener } from './listener.ts';

/** Takes a listener off again. Calling it twice does nothing more. */
export type Unsubscribe = () => void;

/**
 * Listeners of one kind of event. A listener that throws does not keep others from hearing: its
 * error is raised again in a microtask, where the process's own handling of uncaught errors sees it.
 */
export class ListenerSet<Event> {
  readonly #listeners = new Set<Listener<Event>>();

  get size(): number {
    return this.#listeners.size;
  }

  /** @throws TypeError unless it is a function. */
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
