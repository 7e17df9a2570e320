/**
 * A function that hears events until it is taken off. What it throws is raised again in a microtask,
 * where the process's own handling of uncaught errors sees it.
 */
export class Listener<Event> {
  readonly #call: (event: Event) => void;
  #isOn = true;

  /** @throws TypeError unless it is a function. */
  constructor(call: (event: Event) => void) {
    if (typeof call !== 'function') throw new TypeError('a listener must be a function');
    this.#call = call;
  }

  tell(event: Event): void {
    if (!this.#isOn) return;
    try {
      this.#call(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** It hears nothing from now on. */
  end(): void {
    this.#isOn = false;
  }
}
