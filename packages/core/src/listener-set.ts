/** Takes a listener off again. Calling it twice does nothing more. */
export type Unsubscribe = () => void;

/**
 * Listeners of one kind of event. A listener that throws does not keep others from hearing: its
 * error is raised again in a microtask, where the process's own handling of uncaught errors sees it.
 */
export class ListenerSet<Event> {
  readonly #listeners = new Set<{ readonly call: (event: Event) => void }>();

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: (event: Event) => void): Unsubscribe {
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  emit(event: Event): void {
    for (const listener of [...this.#listeners]) {
      // A listener may have taken another one off.
      if (!this.#listeners.has(listener)) continue;
      try {
        listener.call(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
