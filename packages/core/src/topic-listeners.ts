import { Listener } from './listener.ts';
import type { Unsubscribe } from './listener-set.ts';

/**
 * Event listeners by topic: an event is delivered only to listeners of its topics, however many
 * others there are. Listeners of one topic are called in subscription order. Errors are handled as
 * in `ListenerSet`.
 */
export class TopicListeners<Event> {
  readonly #all = new Set<Listener<Event>>();
  readonly #byTopic = new Map<string, Set<Listener<Event>>>();

  get size(): number {
    return this.#all.size;
  }

  /**
   * Adds a listener and returns a function that removes it. Without topics, the listener receives
   * only what `emitToAll` sends.
   * @throws TypeError if `listener` is not a function.
   */
  add(topics: Iterable<string>, listener: (event: Event) => void): Unsubscribe {
    const entry = new Listener(listener);
    const own = new Set(topics);
    this.#all.add(entry);
    for (const topic of own) {
      const listeners = this.#byTopic.get(topic);
      if (listeners === undefined) this.#byTopic.set(topic, new Set([entry]));
      else listeners.add(entry);
    }
    return () => {
      entry.end();
      this.#all.delete(entry);
      for (const topic of own) this.#leave(topic, entry);
    };
  }

  /** Whether any of the topics has a listener. */
  hasAny(topics: readonly string[]): boolean {
    return topics.some((topic) => this.#byTopic.has(topic));
  }

  /** Calls every listener of the topics once. */
  emit(topics: readonly string[], event: Event): void {
    const found = topics.flatMap((topic) => [...(this.#byTopic.get(topic) ?? [])]);
    for (const listener of new Set(found)) listener.tell(event);
  }

  /** Calls every listener. */
  emitToAll(event: Event): void {
    for (const listener of [...this.#all]) listener.tell(event);
  }

  clear(): void {
    for (const listener of this.#all) listener.end();
    this.#all.clear();
    this.#byTopic.clear();
  }

  #leave(topic: string, entry: Listener<Event>): void {
    const listeners = this.#byTopic.get(topic);
    listeners?.delete(entry);
    if (listeners?.size === 0) this.#byTopic.delete(topic);
  }
}
