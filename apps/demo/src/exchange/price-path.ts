import type { MarketProfile } from './market-profile.ts';
import { RecentResults } from './recent-results.ts';
import { hash32, SeededRandom, smoothNoise } from './seeded-random.ts';

/** A power of two: a block is filled by halving. */
const BLOCK_MINUTES = 4_096;
const MINUTES_PER_DAY = 1_440;

/** How the price wanders over weeks and months: period in days, and the move as a ratio. */
const TRENDS = [
  { days: 190, size: 0.24 },
  { days: 47, size: 0.13 },
  { days: 13, size: 0.07 },
] as const;

/**
 * The price of a market at every minute, as a pure function of seed and time: slow trends fix it
 * every few days, and a Brownian bridge, halved again and again, fills the minutes in between. So
 * any minute can be asked for first, and a second process sees the same history.
 */
export class PricePath {
  readonly #seed: number;
  readonly #baseLog: number;
  readonly #minuteVolatility: number;
  readonly #blocks = new RecentResults(4, (index) => this.#fillBlock(index));

  constructor(profile: MarketProfile, seed: number) {
    this.#seed = seed;
    this.#baseLog = Math.log(profile.basePrice);
    this.#minuteVolatility = profile.dailyVolatility / Math.sqrt(MINUTES_PER_DAY);
  }

  /** The natural logarithm of the price when a minute (counted from the epoch) begins. */
  logPriceAt(minute: number): number {
    const block = Math.floor(minute / BLOCK_MINUTES);
    return this.#blocks.get(block)[minute - block * BLOCK_MINUTES] ?? Number.NaN;
  }

  /** The typical move of this minute, as a ratio: markets have calm and wild hours. */
  volatilityAt(minute: number): number {
    const regime = smoothNoise(this.#seed ^ 0x51ed, minute / 300);
    return this.#minuteVolatility * Math.exp(0.75 * regime);
  }

  #fillBlock(index: number): Float64Array {
    const start = index * BLOCK_MINUTES;
    const prices = new Float64Array(BLOCK_MINUTES + 1);
    prices[0] = this.#trendAt(start);
    prices[BLOCK_MINUTES] = this.#trendAt(start + BLOCK_MINUTES);
    for (let span = BLOCK_MINUTES; span > 1; span /= 2) this.#halve(prices, start, span);
    return prices;
  }

  #halve(prices: Float64Array, start: number, span: number): void {
    for (let left = 0; left < BLOCK_MINUTES; left += span) {
      const middle = left + span / 2;
      const random = new SeededRandom(hash32(this.#seed, start + middle));
      const deviation = (this.volatilityAt(start + middle) * Math.sqrt(span)) / 2;
      const mean = ((prices[left] ?? 0) + (prices[left + span] ?? 0)) / 2;
      prices[middle] = mean + deviation * random.bell() * (0.7 + 0.6 * random.next());
    }
  }

  #trendAt(minute: number): number {
    return TRENDS.reduce((sum, { days, size }) => {
      const noise = smoothNoise(this.#seed ^ days, minute / (days * MINUTES_PER_DAY));
      return sum + size * noise;
    }, this.#baseLog);
  }
}
