import { allocateColumns, CandleSeries } from '@barkeep/core';

const MINUTE = 60_000;

/**
 * One-minute candles of a market that looks real to a codec: a walk in cents whose volatility comes
 * and goes, opens mostly at the close before, a few minutes without trades, and log-normal volumes
 * with 8 decimals.
 */
export function generatedMarket(length: number): CandleSeries {
  const columns = allocateColumns(length);
  const random = randomFrom(12_345);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let timestamp = 1_600_000_020_000;
  let cents = 2_000_000;
  let volatility = 200;
  for (let i = 0; i < length; i += 1) {
    timestamp += MINUTE * (random() < 0.003 ? Math.ceil(random() * 5) : 1);
    volatility = Math.max(20, volatility * Math.exp(0.05 * normal() + (200 - volatility) / 20_000));
    const swing = (share: number): number => Math.round(normal() * volatility * share);
    const wick = (): number => (random() < 0.2 ? 0 : Math.abs(swing(0.5)));
    const open = cents + (random() < 0.6 ? 0 : swing(0.1));
    const close = Math.max(100_000, open + swing(1));
    columns.timestamp[i] = timestamp;
    columns.open[i] = open / 100;
    columns.high[i] = (Math.max(open, close) + wick()) / 100;
    columns.low[i] = (Math.min(open, close) - wick()) / 100;
    columns.close[i] = close / 100;
    columns.volume[i] = Math.round(Math.exp(2 + 1.2 * normal()) * 1e8) / 1e8;
    cents = close;
  }
  return CandleSeries.from(
    { symbol: 'GENERATED', timeframe: '1m' },
    CandleSeries.fromTrustedColumns({ symbol: 'GENERATED', timeframe: '1m' }, columns),
  );
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
