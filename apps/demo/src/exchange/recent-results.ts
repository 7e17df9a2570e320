/** Remembers the results of a pure function for the arguments asked for last, up to a bound. */
export class RecentResults<Result> {
  readonly #make: (argument: number) => Result;
  readonly #capacity: number;
  readonly #results = new Map<number, Result>();

  constructor(capacity: number, make: (argument: number) => Result) {
    this.#capacity = capacity;
    this.#make = make;
  }

  get(argument: number): Result {
    const known = this.#results.get(argument);
    if (known !== undefined) return known;
    const result = this.#make(argument);
    if (this.#results.size >= this.#capacity) this.#dropOldest();
    this.#results.set(argument, result);
    return result;
  }

  #dropOldest(): void {
    for (const oldest of this.#results.keys()) {
      this.#results.delete(oldest);
      return;
    }
  }
}
