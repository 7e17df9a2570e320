/** Upbit's price units of KRW markets, highest prices first; `perWon` keeps small ones exact. */
const BANDS = [
  { from: 1_000_000, size: 1_000, perWon: 0.001 },
  { from: 500_000, size: 500, perWon: 0.002 },
  { from: 100_000, size: 100, perWon: 0.01 },
  { from: 50_000, size: 50, perWon: 0.02 },
  { from: 10_000, size: 10, perWon: 0.1 },
  { from: 5_000, size: 5, perWon: 0.2 },
  { from: 100, size: 1, perWon: 1 },
  { from: 10, size: 0.1, perWon: 10 },
  { from: 1, size: 0.01, perWon: 100 },
  { from: 0, size: 0.001, perWon: 1_000 },
] as const;

/** The smallest step between prices at this price, in won. */
export function krwTickSize(price: number): number {
  return bandOf(price).size;
}

/** The nearest price that may be quoted. */
export function roundToKrwTick(price: number): number {
  const { size, perWon } = bandOf(price);
  return size < 1 ? Math.round(price * perWon) / perWon : Math.round(price / size) * size;
}

/** The next quotable price above a quotable one. */
export function nextKrwPrice(price: number): number {
  return roundToKrwTick(price + krwTickSize(price));
}

/** The next quotable price below a quotable one. */
export function previousKrwPrice(price: number): number {
  return roundToKrwTick(price - krwTickSize(price * (1 - 1e-9)));
}

function bandOf(price: number): (typeof BANDS)[number] {
  for (const band of BANDS) if (price >= band.from) return band;
  throw new RangeError(`no price is ${price}`);
}
