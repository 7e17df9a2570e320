import type { EpochMs, Trade } from '@barkeep/core';
import { SlotOrder } from './slot-order.ts';

/** One trade's numbers in its slot: timestamp, price, size, expiry, arrival. */
const STRIDE = 5;
const TIMESTAMP = 0;
const PRICE = 1;
const SIZE = 2;
const EXPIRES_AT = 3;
const ARRIVAL = 4;

const NONE = -1;
/** By the number that stands for them. */
const SIDES = [undefined, 'buy', 'sell'] as const;
const SMALLEST_CAPACITY = 8;
/** Its own objects; a slot with the id and its neighbours; a place in the order of time; an id in the set. */
const OWN_BYTES = 720;
const SLOT_BYTES = 8 * STRIDE + 1 + 2 * 4 + 8;
const PLACE_BYTES = 4;
const ID_BYTES = 40;

/** What is given with a trade that comes. */
export interface TradeArrival {
  /** In the time of the cache. */
  readonly expiresAt: number;
  /** Higher than that of every trade before it. */
  readonly arrival: number;
  /** The latest timestamp that is believed. */
  readonly latest: EpochMs;
}

/**
 * The newest trades of one symbol by timestamp, as numbers in one array, in two orders: of time, for
 * reads and the bound, and of arrival, for replays and expiry.
 */
export class RecentTrades {
  readonly #bound: number;
  readonly #known = new Set<string>();
  #numbers = new Float64Array(0);
  #sides = new Uint8Array(0);
  #ids: (string | undefined)[] = [];
  #capacity = 0;
  /** Ascending by timestamp, then by arrival. */
  readonly #byTime = new SlotOrder();
  /** The neighbours in the order of arrival; of free slots the next free one is `#later`. */
  #earlier = new Int32Array(0);
  #later = new Int32Array(0);
  #first = NONE;
  #last = NONE;
  #free = NONE;
  #idUnits = 0;
  #lostThrough: number;
  /** What is not newer was pushed out or refused before, as far as it came. */
  #lostUntil = Number.NEGATIVE_INFINITY;

  /** `lostThrough` is the arrival number up to which trades of the symbol may have been here before. */
  constructor(bound: number, lostThrough: number) {
    this.#bound = bound;
    this.#lostThrough = lostThrough;
  }

  get length(): number {
    return this.#byTime.length;
  }

  /** The arrival number up to which trades may be gone. */
  get lostThrough(): number {
    return this.#lostThrough;
  }

  /** The arrival number of the last trade that was ever here. */
  get lastArrival(): number {
    const last = this.#last === NONE ? 0 : this.#number(this.#last, ARRIVAL);
    return Math.max(this.#lostThrough, last);
  }

  get bytes(): number {
    return (
      OWN_BYTES +
      this.#capacity * SLOT_BYTES +
      this.#byTime.places * PLACE_BYTES +
      this.length * ID_BYTES +
      2 * this.#idUnits
    );
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Returns whether it was added: it is left out when it is older than all of as many as may be kept. */
  add(trade: Trade, come: TradeArrival): boolean {
    if (this.length === this.#bound && !this.#makeRoom(trade.timestamp, come)) return false;
    if (this.#free === NONE) {
      this.#resize(Math.min(Math.max(SMALLEST_CAPACITY, 2 * this.#capacity), this.#bound));
    }
    const slot = this.#free;
    this.#free = this.#later[slot] ?? NONE;
    this.#fill(slot, trade, come);
    this.#linkLast(slot);
    this.#byTime.insert(this.#placeAfter(trade.timestamp, come.arrival), slot);
    return true;
  }

  /** Drops trades that are no longer live, the first to arrive first; returns how many. */
  expire(now: number): number {
    const before = this.length;
    while (this.#first !== NONE && this.#number(this.#first, EXPIRES_AT) <= now) {
      this.#drop(this.#indexOf(this.#first));
    }
    return before - this.length;
  }

  /** Gives memory back when three quarters of it are unused. */
  trim(): void {
    if (this.length > this.#capacity / 4) return;
    this.#resize(this.length === 0 ? 0 : Math.max(SMALLEST_CAPACITY, 2 * this.length));
  }

  /** The latest `limit` live trades at or after `since`, ascending by timestamp, then by arrival. */
  recent(limit: number, since: EpochMs, now: number): Trade[] {
    const found: Trade[] = [];
    for (let i = this.length - 1; i >= 0 && found.length < limit; i -= 1) {
      const slot = this.#byTime.at(i);
      if (this.#number(slot, TIMESTAMP) < since) break;
      if (this.#number(slot, EXPIRES_AT) > now) found.push(this.#trade(slot));
    }
    return found.reverse();
  }

  /** The live trades that arrived after a number, in that order. */
  arrivedAfter(arrival: number, now: number): Trade[] {
    const found: Trade[] = [];
    for (let slot = this.#last; slot !== NONE; slot = this.#earlier[slot] ?? NONE) {
      if (this.#number(slot, ARRIVAL) <= arrival) break;
      if (this.#number(slot, EXPIRES_AT) > now) found.push(this.#trade(slot));
    }
    return found.reverse();
  }

  /** Whether the trade is to have the place of another, which is gone then. */
  #makeRoom(timestamp: EpochMs, { arrival, latest }: TradeArrival): boolean {
    const newest = this.length - 1;
    if (timestamp <= latest && this.#timestampAt(newest) > latest) {
      this.#drop(newest);
      return true;
    }
    const oldest = this.#timestampAt(0);
    const isNewer = timestamp >= oldest;
    if (!isNewer && timestamp > this.#lostUntil) this.#lostThrough = arrival;
    this.#lostUntil = Math.max(this.#lostUntil, isNewer ? oldest : timestamp);
    if (isNewer) this.#drop(0);
    return isNewer;
  }

  #fill(slot: number, trade: Trade, { expiresAt, arrival }: TradeArrival): void {
    const start = slot * STRIDE;
    this.#numbers[start + TIMESTAMP] = trade.timestamp;
    this.#numbers[start + PRICE] = trade.price;
    this.#numbers[start + SIZE] = trade.size;
    this.#numbers[start + EXPIRES_AT] = expiresAt;
    this.#numbers[start + ARRIVAL] = arrival;
    this.#sides[slot] = SIDES.indexOf(trade.side);
    this.#ids[slot] = trade.id;
    this.#idUnits += trade.id.length;
    this.#known.add(trade.id);
  }

  #linkLast(slot: number): void {
    this.#earlier[slot] = this.#last;
    this.#later[slot] = NONE;
    if (this.#last === NONE) this.#first = slot;
    else this.#later[this.#last] = slot;
    this.#last = slot;
  }

  /** Removes the trade of a place in the order of time. */
  #drop(index: number): void {
    const slot = this.#byTime.at(index);
    this.#byTime.remove(index);
    this.#lostThrough = Math.max(this.#lostThrough, this.#number(slot, ARRIVAL));
    const id = this.#ids[slot] ?? '';
    this.#ids[slot] = undefined;
    this.#known.delete(id);
    this.#idUnits -= id.length;
    const earlier = this.#earlier[slot] ?? NONE;
    const later = this.#later[slot] ?? NONE;
    if (earlier === NONE) this.#first = later;
    else this.#later[earlier] = later;
    if (later === NONE) this.#last = earlier;
    else this.#earlier[later] = earlier;
    this.#later[slot] = this.#free;
    this.#free = slot;
  }

  #indexOf(slot: number): number {
    // Most often it is the oldest.
    if (this.#byTime.at(0) === slot) return 0;
    return this.#placeAfter(this.#number(slot, TIMESTAMP), this.#number(slot, ARRIVAL)) - 1;
  }

  /** How many trades come before or with a timestamp and an arrival in the order of time. */
  #placeAfter(timestamp: EpochMs, arrival: number): number {
    const isBefore = (index: number): boolean => {
      const slot = this.#byTime.at(index);
      const at = this.#number(slot, TIMESTAMP);
      return at < timestamp || (at === timestamp && this.#number(slot, ARRIVAL) <= arrival);
    };
    let [low, high] = [0, this.length];
    if (high > 0 && isBefore(high - 1)) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #timestampAt(index: number): EpochMs {
    return this.#number(this.#byTime.at(index), TIMESTAMP);
  }

  #trade(slot: number): Trade {
    const trade = {
      id: this.#ids[slot] ?? '',
      timestamp: this.#number(slot, TIMESTAMP),
      price: this.#number(slot, PRICE),
      size: this.#number(slot, SIZE),
    };
    const side = SIDES[this.#sides[slot] ?? 0];
    return side === undefined ? trade : { ...trade, side };
  }

  #number(slot: number, field: number): number {
    return this.#numbers[slot * STRIDE + field] ?? Number.NaN;
  }

  /** Moves all trades to the first of so many slots, in the order of arrival. */
  #resize(capacity: number): void {
    const [numbers, sides, ids] = [this.#numbers, this.#sides, this.#ids];
    const newSlots = new Int32Array(this.#capacity);
    this.#numbers = new Float64Array(capacity * STRIDE);
    this.#sides = new Uint8Array(capacity);
    this.#ids = new Array(capacity).fill(undefined);
    let next = 0;
    for (let slot = this.#first; slot !== NONE; slot = this.#later[slot] ?? NONE) {
      this.#numbers.set(numbers.subarray(slot * STRIDE, (slot + 1) * STRIDE), next * STRIDE);
      this.#sides[next] = sides[slot] ?? 0;
      this.#ids[next] = ids[slot];
      newSlots[slot] = next;
      next += 1;
    }
    this.#byTime.renumber((slot) => newSlots[slot] ?? NONE);
    this.#capacity = capacity;
    this.#first = next === 0 ? NONE : 0;
    this.#last = next - 1;
    this.#free = next === capacity ? NONE : next;
    this.#earlier = Int32Array.from({ length: capacity }, (_, i) => i - 1);
    this.#later = Int32Array.from({ length: capacity }, (_, i) => i + 1);
    if (this.#last !== NONE) this.#later[this.#last] = NONE;
    if (next < capacity) this.#later[capacity - 1] = NONE;
  }
}
