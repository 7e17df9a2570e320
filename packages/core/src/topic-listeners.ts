import { Listener } from './listener.ts';
import type { Unsubscribe } from './listener-set.ts';

/**
 * Listeners by what they want to hear of: an event visits those of its topics and no others, however
 * many there are. Otherwise as `ListenerSet`; of one topic they hear in the order they came.
 */
export class TopicListeners<Event> {
  readonly #all = new Set<Listener<Event>>();
  readonly #byTopic = new Map<string, Set<Listener<Event>>>();

  get size(): number {
    return this.#all.size;
  }

  /** Without topics it hears only what concerns everyone. @throws TypeError unless it is a function. */
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

  /** Whether a listener wants any of the topics. */
  hasAny(topics: readonly string[]): boolean {
    return topics.some((topic) => this.#byTopic.has(topic));
  }

  /** Tells those of the topics, each once. */
  emit(topics: readonly string[], event: Event): void {
    const found = topics.flatMap((topic) => [...(this.#byTopic.get(topic) ?? [])]);
    for (const listener of new Set(found)) listener.tell(event);
  }

  /** Tells everyone. */
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
