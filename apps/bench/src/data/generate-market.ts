import { allocateColumns, CandleSeries, type EpochMs } from '@barkeep/core';
import type { MarketStyle } from './market-style.ts';
import { Random } from './random.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START: EpochMs = Date.UTC(2022, 0, 1);
const SEED = 20_220_101;
const VOLUME_UNITS = 1e8;

/** A usual change of the price within a minute, as a ratio. */
const CALM = 0.000_45;
/** How much of its excitement a market keeps from minute to minute. */
const MEMORY = 0.98;
const EXCITEMENT = 0.25;
/** How strongly the price is drawn back to where it started, so that any count stays in range. */
const PULL = 0.000_002;
const SHARE_WITHOUT_TRADES = 0.01;

/**
 * One-minute candles of an invented market: always the same for the same style and count.
 *
 * Prices walk on the style's ticks with calm and wild hours and a daily rhythm, volumes have eight
 * decimals and follow the excitement, and one minute in a hundred has no trades and so no candle.
 */
export function generateMarket(style: MarketStyle, count: number): CandleSeries {
  const random = new Random(SEED);
  const columns = allocateColumns(count);
  const toTick = quantizer(style);
  let timestamp = START;
  let excitement = 0;
  let last = toTick(style.startPrice);
  for (let i = 0; i < count; i += 1) {
    while (random.uniform() < SHARE_WITHOUT_TRADES) timestamp += MINUTE_MS;
    excitement = MEMORY * excitement + EXCITEMENT * Math.sqrt(1 - MEMORY ** 2) * random.normal();
    const step = CALM * Math.exp(3 * excitement) * hourFactor(timestamp);
    const drift = PULL * Math.log(style.startPrice / last);

    const open = toTick(last * Math.exp(0.1 * step * random.normal()));
    const close = toTick(open * Math.exp(drift + step * random.normal()));
    const high = toTick(Math.max(open, close) * Math.exp(0.4 * step * Math.abs(random.normal())));
    const low = toTick(Math.min(open, close) * Math.exp(-0.4 * step * Math.abs(random.normal())));
    const volume = style.typicalVolume * (step / CALM) * Math.exp(0.8 * random.normal());

    columns.timestamp[i] = timestamp;
    columns.open[i] = open;
    columns.high[i] = Math.max(open, high, close);
    columns.low[i] = Math.min(open, low, close);
    columns.close[i] = close;
    columns.volume[i] = Math.max(1, Math.round(volume * VOLUME_UNITS)) / VOLUME_UNITS;
    timestamp += MINUTE_MS;
    last = close;
  }
  return CandleSeries.fromTrustedColumns({ symbol: style.symbol, timeframe: '1m' }, columns);
}

/** Rounds to a tick. Dividing whole numbers last gives the double that a parser reads for the decimal. */
function quantizer(style: MarketStyle): (price: number) => number {
  const unitsPerOne = 10 ** style.decimals;
  return (price) => {
    const tick = style.tickUnits(price);
    return (Math.max(1, Math.round((price * unitsPerOne) / tick)) * tick) / unitsPerOne;
  };
}

/** Busier in the afternoon than at dawn. */
function hourFactor(timestamp: EpochMs): number {
  return 1 - 0.4 * Math.cos((2 * Math.PI * (timestamp % DAY_MS)) / DAY_MS);
}
