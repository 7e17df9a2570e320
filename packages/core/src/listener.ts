/**
 * An event listener that can be ended. If it throws, the error is rethrown in a microtask and
 * reaches the process's handler for uncaught errors.
 */
export class Listener<Event> {
  readonly #call: (event: Event) => void;
  #isOn = true;

  /** @throws TypeError if `call` is not a function. */
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

  /** Stops delivery to this listener. */
  end(): void {
    this.#isOn = false;
  }
}
