/** Free places that are made at the least on each side. */
const LEAST_ROOM = 4;

/**
 * A list of slot numbers in which adding and removing at either end costs the same however long it is,
 * and in between no more than moving the shorter side.
 */
export class SlotOrder {
  #slots = new Int32Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** How many places it has, free ones included. */
  get places(): number {
    return this.#slots.length;
  }

  /** -1 beyond either end. */
  at(index: number): number {
    return index < 0 || index >= this.length ? -1 : (this.#slots[this.#start + index] ?? -1);
  }

  insert(index: number, slot: number): void {
    if (this.#start === 0 || this.#end === this.#slots.length) this.#makeRoom();
    const at = this.#start + index;
    if (index < this.length / 2) {
      this.#slots.copyWithin(this.#start - 1, this.#start, at);
      this.#start -= 1;
      this.#slots[at - 1] = slot;
    } else {
      this.#slots.copyWithin(at + 1, at, this.#end);
      this.#end += 1;
      this.#slots[at] = slot;
    }
  }

  remove(index: number): void {
    const at = this.#start + index;
    if (index < this.length / 2) {
      this.#slots.copyWithin(this.#start + 1, this.#start, at);
      this.#start += 1;
    } else {
      this.#slots.copyWithin(at, at + 1, this.#end);
      this.#end -= 1;
    }
  }

  /** The same order of slots that have other numbers. */
  renumber(numberOf: (slot: number) => number): void {
    const kept = this.#slots.subarray(this.#start, this.#end).map(numberOf);
    this.#start = 0;
    this.#end = kept.length;
    this.#slots = kept;
  }

  /** Puts as much room on each side as a quarter of what it has, so that it happens seldom. */
  #makeRoom(): void {
    const { length } = this;
    const room = Math.max(LEAST_ROOM, Math.ceil(length / 4));
    const slots =
      this.#slots.length >= length + 2 * room ? this.#slots : new Int32Array(length + 2 * room);
    slots.set(this.#slots.subarray(this.#start, this.#end), room);
    this.#slots = slots;
    this.#start = room;
    this.#end = room + length;
  }
}
