/** What makes one simulated market differ from another. */
export interface MarketProfile {
  readonly symbol: string;
  readonly name: string;
  /** The price that the path wanders about, in won. */
  readonly basePrice: number;
  /** The typical move of a day, as a ratio. */
  readonly dailyVolatility: number;
  /** How many trades an average minute sees: few make a market with empty minutes. */
  readonly tradesPerMinute: number;
  /** The typical size of a trade, in won. */
  readonly typicalTrade: number;
}

/** Five markets, from one that trades every second to one with a third of its minutes empty. */
export const KRW_MARKETS: readonly MarketProfile[] = Object.freeze([
  market('KRW-BTC', 'Bitcoin', 158_400_000, 0.019, 26, 420_000),
  market('KRW-ETH', 'Ethereum', 5_480_000, 0.026, 16, 310_000),
  market('KRW-XRP', 'XRP', 3_920, 0.034, 11, 240_000),
  market('KRW-SOL', 'Solana', 268_000, 0.036, 4, 260_000),
  market('KRW-LINK', 'Chainlink', 24_600, 0.041, 1.7, 180_000),
]);

function market(
  symbol: string,
  name: string,
  basePrice: number,
  dailyVolatility: number,
  tradesPerMinute: number,
  typicalTrade: number,
): MarketProfile {
  return { symbol, name, basePrice, dailyVolatility, tradesPerMinute, typicalTrade };
}
