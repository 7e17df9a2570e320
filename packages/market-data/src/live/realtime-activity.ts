import { type Clock, type EpochMs, monotonicTime, type TradeInput } from '@barkeep/core';
import type { MarketEvent } from '@barkeep/source';
import type {
  RealtimeActivityStatistics,
  RealtimeKindStatistics,
} from '../contract/market-data-statistics.ts';

interface KindActivity {
  updates: number;
  /** Of the newest value; of candles, when it came. */
  newestAt: EpochMs | undefined;
}

const SLOT_MS = 10_000;
/** The one under way, and those of the minute before. */
const SLOTS = 7;

/** How much comes in real time, and how old the newest of it is. */
export class RealtimeActivity {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #kinds: Readonly<Record<MarketEvent['type'], KindActivity>> = {
    ticker: { updates: 0, newestAt: undefined },
    orderBook: { updates: 0, newestAt: undefined },
    trades: { updates: 0, newestAt: undefined },
    candle: { updates: 0, newestAt: undefined },
  };
  readonly #slots = new Float64Array(SLOTS);
  /** The number of the slot under way, since the beginning of monotonic time. */
  #slot: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = monotonicTime(clock).now();
    this.#slot = Math.floor(this.#startedAt / SLOT_MS);
  }

  get statistics(): RealtimeActivityStatistics {
    const now = this.#advance();
    const sinceSlot = now - this.#slot * SLOT_MS;
    const overMs = Math.min(now - this.#startedAt, (SLOTS - 1) * SLOT_MS + sinceSlot);
    const updates = this.#slots.reduce((sum, count) => sum + count, 0);
    const { ticker, orderBook, trades, candle } = this.#kinds;
    return {
      updatesPerSecond: updates / (Math.max(overMs, 1_000) / 1_000),
      ticker: this.#statisticsOf(ticker),
      orderBook: this.#statisticsOf(orderBook),
      trades: this.#statisticsOf(trades),
      candle: this.#statisticsOf(candle),
    };
  }

  /** Takes note of an event of the router. */
  note(event: MarketEvent): void {
    if (event.type === 'ticker') this.noteValue('ticker', event.ticker.timestamp);
    else if (event.type === 'orderBook') this.noteValue('orderBook', event.book.timestamp);
    else if (event.type === 'candle') this.noteValue('candle', this.#clock.now());
    else this.noteTrades(event.trades);
  }

  noteTrades(trades: readonly TradeInput[]): void {
    if (trades.length === 0) return;
    const newest = trades.reduce((latest, { timestamp }) => Math.max(latest, timestamp), -Infinity);
    this.noteValue('trades', newest, trades.length);
  }

  /** A value that is ahead of the clock counts as of now. */
  noteValue(kind: MarketEvent['type'], timestamp: EpochMs, updates = 1): void {
    this.#advance();
    const index = placeOf(this.#slot);
    this.#slots[index] = (this.#slots[index] ?? 0) + updates;
    const activity = this.#kinds[kind];
    activity.updates += updates;
    const at = Math.min(timestamp, this.#clock.now());
    if (activity.newestAt === undefined || at > activity.newestAt) activity.newestAt = at;
  }

  #statisticsOf({ updates, newestAt }: KindActivity): RealtimeKindStatistics {
    const ageMs = newestAt === undefined ? undefined : Math.max(0, this.#clock.now() - newestAt);
    return { updates, ageMs };
  }

  /** Empties the slots that have passed since. Returns monotonic time. */
  #advance(): number {
    const now = monotonicTime(this.#clock).now();
    const slot = Math.floor(now / SLOT_MS);
    if (slot === this.#slot) return now;
    const passed = Math.min(slot - this.#slot, SLOTS);
    for (let back = 0; back < passed; back += 1) this.#slots[placeOf(slot - back)] = 0;
    this.#slot = slot;
    return now;
  }
}

/** The place of a slot, whose number may be below 0. */
function placeOf(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS;
}
