import type { EpochMs, Trade } from '@barkeep/core';

/** One trade's numbers in the ring: timestamp, price, size, expiry, arrival. */
const STRIDE = 5;
const TIMESTAMP = 0;
/** Negative for a sell: prices are above 0, and so need no sign of their own. */
const SIGNED_PRICE = 1;
const SIZE = 2;
const EXPIRES_AT = 3;
const ARRIVAL = 4;

const SMALLEST_CAPACITY = 8;
/** The ring's own objects; a place in the ring with its slot for the id; an id with its place in the set. */
const OWN_BYTES = 480;
const PLACE_BYTES = 8 * STRIDE + 8;
const ID_BYTES = 40;

/**
 * The recent trades of one symbol in the order of arrival, as numbers in one array. The oldest
 * arrival goes first, by expiry or to keep the bound.
 */
export class TradeRing {
  readonly #bound: number;
  readonly #known = new Set<string>();
  #numbers = new Float64Array(0);
  #ids: (string | undefined)[] = [];
  #capacity = 0;
  #head = 0;
  #length = 0;
  #idUnits = 0;
  /** Whether the timestamps ascend, so that reads need not sort. */
  #ascending = true;
  #lastTimestamp: EpochMs = 0;
  #lostThrough: number;

  /** `lostThrough` is the arrival number up to which trades of the symbol may have been here before. */
  constructor(bound: number, lostThrough: number) {
    this.#bound = bound;
    this.#lostThrough = lostThrough;
  }

  get length(): number {
    return this.#length;
  }

  /** The arrival number up to which trades may be gone. */
  get lostThrough(): number {
    return this.#lostThrough;
  }

  /** The arrival number of the newest trade that was ever here. */
  get lastArrival(): number {
    return this.#length === 0 ? this.#lostThrough : this.#number(this.#length - 1, ARRIVAL);
  }

  get bytes(): number {
    return OWN_BYTES + this.#capacity * PLACE_BYTES + this.#length * ID_BYTES + 2 * this.#idUnits;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Returns how many trades had to go for it: 0 or 1. */
  append(trade: Trade, expiresAt: EpochMs, arrival: number): number {
    const evicted = this.#length === this.#bound ? 1 : 0;
    if (evicted === 1) this.#dropOldest();
    if (this.#length === this.#capacity) {
      this.#resize(Math.min(Math.max(SMALLEST_CAPACITY, 2 * this.#capacity), this.#bound));
    }
    const place = (this.#head + this.#length) % this.#capacity;
    this.#ids[place] = trade.id;
    const start = place * STRIDE;
    this.#numbers[start + TIMESTAMP] = trade.timestamp;
    this.#numbers[start + SIGNED_PRICE] = trade.side === 'sell' ? -trade.price : trade.price;
    this.#numbers[start + SIZE] = trade.size;
    this.#numbers[start + EXPIRES_AT] = expiresAt;
    this.#numbers[start + ARRIVAL] = arrival;
    this.#ascending =
      this.#length === 0 || (this.#ascending && trade.timestamp >= this.#lastTimestamp);
    this.#lastTimestamp = trade.timestamp;
    this.#length += 1;
    this.#idUnits += trade.id.length;
    this.#known.add(trade.id);
    return evicted;
  }

  /** Drops trades that are no longer live; returns how many. */
  expire(now: EpochMs): number {
    const before = this.#length;
    while (this.#length > 0 && this.#number(0, EXPIRES_AT) <= now) this.#dropOldest();
    return before - this.#length;
  }

  /** Gives memory back when three quarters of it are unused. */
  trim(): void {
    if (this.#length > this.#capacity / 4) return;
    this.#resize(this.#length === 0 ? 0 : Math.max(SMALLEST_CAPACITY, 2 * this.#length));
  }

  /** The latest `limit` trades at or after `since`, ascending by timestamp, then by arrival. */
  recent(limit: number, since: EpochMs): Trade[] {
    const wanted = this.#ascending ? this.#latestInOrder(limit, since) : this.#sorted(limit, since);
    return wanted.map((index) => this.#trade(index));
  }

  /** The trades that arrived after a number, in that order. */
  arrivedAfter(arrival: number): Trade[] {
    const trades: Trade[] = [];
    let index = this.#length;
    while (index > 0 && this.#number(index - 1, ARRIVAL) > arrival) index -= 1;
    for (; index < this.#length; index += 1) trades.push(this.#trade(index));
    return trades;
  }

  #latestInOrder(limit: number, since: EpochMs): number[] {
    let start = this.#length;
    const least = Math.max(0, this.#length - limit);
    while (start > least && this.#number(start - 1, TIMESTAMP) >= since) start -= 1;
    return Array.from({ length: this.#length - start }, (_, i) => start + i);
  }

  #sorted(limit: number, since: EpochMs): number[] {
    const wanted: number[] = [];
    for (let i = 0; i < this.#length; i += 1) {
      if (this.#number(i, TIMESTAMP) >= since) wanted.push(i);
    }
    wanted.sort((a, b) => this.#number(a, TIMESTAMP) - this.#number(b, TIMESTAMP) || a - b);
    return wanted.slice(Math.max(0, wanted.length - limit));
  }

  #dropOldest(): void {
    this.#lostThrough = this.#number(0, ARRIVAL);
    const id = this.#ids[this.#head] ?? '';
    this.#ids[this.#head] = undefined;
    this.#known.delete(id);
    this.#idUnits -= id.length;
    this.#head = (this.#head + 1) % this.#capacity;
    this.#length -= 1;
  }

  #trade(index: number): Trade {
    const signedPrice = this.#number(index, SIGNED_PRICE);
    return {
      id: this.#ids[this.#place(index)] ?? '',
      timestamp: this.#number(index, TIMESTAMP),
      price: Math.abs(signedPrice),
      size: this.#number(index, SIZE),
      side: signedPrice < 0 ? 'sell' : 'buy',
    };
  }

  #number(index: number, field: number): number {
    return this.#numbers[this.#place(index) * STRIDE + field] ?? Number.NaN;
  }

  #place(index: number): number {
    return (this.#head + index) % this.#capacity;
  }

  #resize(capacity: number): void {
    const numbers = new Float64Array(capacity * STRIDE);
    const ids: (string | undefined)[] = new Array(capacity).fill(undefined);
    for (let i = 0; i < this.#length; i += 1) {
      const place = this.#place(i);
      numbers.set(this.#numbers.subarray(place * STRIDE, (place + 1) * STRIDE), i * STRIDE);
      ids[i] = this.#ids[place];
    }
    this.#numbers = numbers;
    this.#ids = ids;
    this.#capacity = capacity;
    this.#head = 0;
  }
}
