/** How the prices of a market look. */
export interface MarketStyle {
  readonly name: string;
  readonly symbol: string;
  readonly startPrice: number;
  /** How many decimals its finest tick has. */
  readonly decimals: number;
  /** The step between prices at a price level, in units of the last decimal. */
  tickUnits(price: number): number;
  /** A usual traded amount of a minute, in the base currency. */
  readonly typicalVolume: number;
}

/** From which price on (in won) which step, in hundredths of a won: coarser with the price. */
const WON_TICKS: readonly (readonly [from: number, tickUnits: number])[] = [
  [2_000_000, 100_000],
  [1_000_000, 50_000],
  [500_000, 10_000],
  [100_000, 5_000],
  [10_000, 1_000],
  [1_000, 100],
  [100, 10],
  [0, 1],
];

export const MARKET_STYLES = {
  krw: {
    name: 'krw',
    symbol: 'KRW-BTC',
    startPrice: 62_000_000,
    decimals: 2,
    tickUnits: (price) => WON_TICKS.find(([from]) => price >= from)?.[1] ?? 1,
    typicalVolume: 2.5,
  },
  usd: {
    name: 'usd',
    symbol: 'BTC-USD',
    startPrice: 43_000,
    decimals: 2,
    tickUnits: () => 1,
    typicalVolume: 6,
  },
} as const satisfies Readonly<Record<string, MarketStyle>>;

export type MarketName = keyof typeof MARKET_STYLES;

export function isMarketName(name: string): name is MarketName {
  return Object.hasOwn(MARKET_STYLES, name);
}
