/** A bounded map. Beyond the bound, the least recently set entry is dropped. */
export class RecentMap<Value> {
  readonly #maxEntries: number;
  readonly #values = new Map<string, Value>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#maxEntries) this.#forgetOldest();
  }

  clear(): void {
    this.#values.clear();
  }

  #forgetOldest(): void {
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}
