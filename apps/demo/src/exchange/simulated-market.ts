import type { Candle, EpochMs, Trade } from '@barkeep/core';
import { roundToKrwTick } from './krw-tick-size.ts';
import type { MarketProfile } from './market-profile.ts';
import { PricePath } from './price-path.ts';
import { RecentResults } from './recent-results.ts';
import { hash32, SeededRandom, seedOf, smoothNoise } from './seeded-random.ts';

export const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1_440;
/** Volumes have eight decimals: summed in whole units, they stay exact. */
const UNITS_PER_COIN = 1e8;

/** One minute's trades as it happens: when, at what price, how much (in 1e-8 coins), and who took. */
type TradeVisitor = (offsetMs: number, price: number, units: number, buy: boolean) => void;

/** A candle in the making, or nothing when `trades` is 0. */
interface Aggregate {
  trades: number;
  open: number;
  high: number;
  low: number;
  close: number;
  units: number;
}

/** The finished minutes of one UTC day, by minute of the day; `open` is 0 where nobody traded. */
interface DayOfMinutes {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly units: Float64Array;
}

/**
 * One market, as a pure function of seed and time: its trades, and candles that are exactly what
 * the trades add up to.
 */
export class SimulatedMarket {
  readonly profile: MarketProfile;
  /** Before this instant nobody traded. */
  readonly listedAt: EpochMs;
  readonly #seed: number;
  readonly #path: PricePath;
  readonly #days = new RecentResults(8, (day) => this.#fillDay(day));
  readonly #trades = new RecentResults(8, (minute) => this.#listTrades(minute));

  constructor(profile: MarketProfile, seed: number, listedAt: EpochMs) {
    this.profile = profile;
    this.listedAt = listedAt;
    this.#seed = seedOf(profile.symbol, seed);
    this.#path = new PricePath(profile, this.#seed);
  }

  /** The trades in `[from, to)`, in order. */
  trades(from: EpochMs, to: EpochMs): Trade[] {
    const found: Trade[] = [];
    const start = Math.max(from, this.listedAt);
    for (let minute = minuteOf(start); minute * MINUTE_MS < to; minute += 1) {
      for (const trade of this.#trades.get(minute)) {
        if (trade.timestamp >= start && trade.timestamp < to) found.push(trade);
      }
    }
    return found;
  }

  /** The candle of the trades in `[from, to)`, where `from` starts a minute; none without a trade. */
  candle(from: EpochMs, to: EpochMs): Candle | undefined {
    const sum = emptyAggregate();
    const last = minuteOf(to);
    for (let minute = minuteOf(Math.max(from, this.listedAt)); minute < last; minute += 1) {
      this.#addMinute(sum, minute);
    }
    const remainder = to - last * MINUTE_MS;
    if (remainder > 0 && to > this.listedAt) this.#addPart(sum, last, remainder);
    return sum.trades === 0 ? undefined : candleOf(from, sum);
  }

  /** The last trade before an instant. */
  lastTrade(before: EpochMs): Trade | undefined {
    for (let minute = minuteOf(before); minute * MINUTE_MS >= this.listedAt; minute -= 1) {
      const trade = this.#trades.get(minute).findLast(({ timestamp }) => timestamp < before);
      if (trade !== undefined) return trade;
    }
    return undefined;
  }

  #addMinute(sum: Aggregate, minute: number): void {
    const dayIndex = Math.floor(minute / MINUTES_PER_DAY);
    const day = this.#days.get(dayIndex);
    const i = minute - dayIndex * MINUTES_PER_DAY;
    const open = day.open[i] ?? 0;
    if (open === 0) return;
    if (sum.trades === 0) sum.open = open;
    sum.high = Math.max(sum.high, day.high[i] ?? 0);
    sum.low = Math.min(sum.low, day.low[i] ?? 0);
    sum.close = day.close[i] ?? 0;
    sum.units += day.units[i] ?? 0;
    sum.trades += 1;
  }

  #addPart(sum: Aggregate, minute: number, untilMs: number): void {
    this.#visitTrades(minute, (offsetMs, price, units) => {
      if (offsetMs < untilMs) addTrade(sum, price, units);
    });
  }

  #fillDay(dayIndex: number): DayOfMinutes {
    const day: DayOfMinutes = {
      open: new Float64Array(MINUTES_PER_DAY),
      high: new Float64Array(MINUTES_PER_DAY),
      low: new Float64Array(MINUTES_PER_DAY),
      close: new Float64Array(MINUTES_PER_DAY),
      units: new Float64Array(MINUTES_PER_DAY),
    };
    const sum = emptyAggregate();
    const visit: TradeVisitor = (_offsetMs, price, units) => addTrade(sum, price, units);
    for (let i = 0; i < MINUTES_PER_DAY; i += 1) {
      Object.assign(sum, emptyAggregate());
      this.#visitTrades(dayIndex * MINUTES_PER_DAY + i, visit);
      if (sum.trades === 0) continue;
      day.open[i] = sum.open;
      day.high[i] = sum.high;
      day.low[i] = sum.low;
      day.close[i] = sum.close;
      day.units[i] = sum.units;
    }
    return day;
  }

  #listTrades(minute: number): Trade[] {
    const trades: Trade[] = [];
    this.#visitTrades(minute, (offsetMs, price, units, buy) => {
      const timestamp = minute * MINUTE_MS + offsetMs;
      // Like Upbit's sequential ids: the time and a running number, beyond 2^53.
      const id = `${timestamp}${String(trades.length).padStart(4, '0')}`;
      const side = buy ? 'buy' : 'sell';
      trades.push({ id, timestamp, price, size: units / UNITS_PER_COIN, side });
    });
    return trades;
  }

  #visitTrades(minute: number, visit: TradeVisitor): void {
    const random = new SeededRandom(hash32(this.#seed ^ 0x7ade, minute));
    const count = random.poisson(this.#tradesExpected(minute, random));
    if (count === 0) return;
    const from = this.#path.logPriceAt(minute);
    const move = this.#path.logPriceAt(minute + 1) - from;
    const jitter = this.#path.volatilityAt(minute) * 0.3;
    for (let i = 0; i < count; i += 1) {
      const share = (i + random.next()) / count;
      const buy = random.next() < 0.5 + Math.max(-0.3, Math.min(0.3, move * 200));
      const spread = buy ? jitter / 2 : -jitter / 2;
      const price = roundToKrwTick(
        Math.exp(from + move * share + spread + jitter * random.bell() * 0.5),
      );
      visit(Math.floor(share * MINUTE_MS), price, this.#size(price, random), buy);
    }
  }

  /** Busy when prices move, quiet in the Korean night, and never even. */
  #tradesExpected(minute: number, random: SeededRandom): number {
    const hourInSeoul = ((minute / 60 + 9) % 24) - 4.5;
    const daily = 1 - 0.3 * Math.cos((hourInSeoul / 24) * 2 * Math.PI);
    const regime = Math.exp(0.7 * smoothNoise(this.#seed ^ 0x0b57, minute / 45));
    const burst = Math.exp(0.5 * random.bell() - 0.12);
    return this.profile.tradesPerMinute * daily * regime * burst;
  }

  #size(price: number, random: SeededRandom): number {
    const large = random.next() < 0.02 ? 18 : 1;
    const won = this.profile.typicalTrade * large * Math.exp(1.3 * random.bell() - 0.6);
    return Math.max(1, Math.round((won / price) * UNITS_PER_COIN));
  }
}

function emptyAggregate(): Aggregate {
  return { trades: 0, open: 0, high: 0, low: Number.POSITIVE_INFINITY, close: 0, units: 0 };
}

function addTrade(sum: Aggregate, price: number, units: number): void {
  if (sum.trades === 0) sum.open = price;
  if (price > sum.high) sum.high = price;
  if (price < sum.low) sum.low = price;
  sum.close = price;
  sum.units += units;
  sum.trades += 1;
}

function candleOf(timestamp: EpochMs, sum: Aggregate): Candle {
  const { open, high, low, close, units } = sum;
  return { timestamp, open, high, low, close, volume: units / UNITS_PER_COIN };
}

function minuteOf(instant: EpochMs): number {
  return Math.floor(instant / MINUTE_MS);
}
