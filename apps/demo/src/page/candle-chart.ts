import type { Candle } from '@barkeep/core';
import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type MouseEventParams,
  type UTCTimestamp,
} from 'lightweight-charts';
import { colour } from './appearance.ts';
import { formatPrice } from './number-format.ts';

/** So many bars are shown when a series comes up. */
const BARS_IN_VIEW = 150;
/** The rest of the view, to the right of the last bar. */
const FREE_BARS = 6;
/** Scrolling this close to the oldest bar asks for older ones. */
const BARS_BEFORE_HISTORY = 40;

export interface CandleChartEvents {
  /** The reader nears the oldest bar. */
  readonly onHistoryWanted: () => void;
  /** The crosshair is on the bar of this timestamp, or on none. */
  readonly onPointed: (timestamp: number | undefined) => void;
}

/** Candlesticks with their volume below: draws what it is given, and says what it lacks. */
export class CandleChart {
  readonly #chart: IChartApi;
  readonly #prices: ISeriesApi<'Candlestick'>;
  readonly #volumes: ISeriesApi<'Histogram'>;

  constructor(frame: HTMLElement, events: CandleChartEvents) {
    this.#chart = createChart(frame, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      localization: { priceFormatter: formatPrice },
    });
    this.#prices = this.#chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: '',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#prices.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.25 } });
    this.#volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && range.from < BARS_BEFORE_HISTORY) events.onHistoryWanted();
    });
    this.#chart.subscribeCrosshairMove(({ time }: MouseEventParams) => {
      events.onPointed(typeof time === 'number' ? time * 1_000 : undefined);
    });
  }

  /** Takes over the page's colours. */
  restyle(candles: readonly Candle[]): void {
    const line = colour('line');
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colour('card') },
        textColor: colour('quiet'),
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 11.5,
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderColor: line, rightOffset: FREE_BARS },
    });
    this.#prices.applyOptions({
      upColor: colour('up'),
      wickUpColor: colour('up'),
      downColor: colour('down'),
      wickDownColor: colour('down'),
    });
    this.draw(candles);
  }

  /** Draws all bars anew, ascending; the bars in view stay where they are. */
  draw(candles: readonly Candle[]): void {
    this.#prices.setData(candles.map(toBar));
    this.#volumes.setData(candles.map(toVolume));
  }

  /** Brings the latest bars into view; with times of day where bars are shorter than one. */
  begin(candles: readonly Candle[], withTime: boolean): void {
    this.#chart.timeScale().applyOptions({ timeVisible: withTime });
    const tick = finestStep(candles);
    this.#prices.applyOptions({
      priceFormat: { type: 'custom', formatter: formatPrice, minMove: tick },
    });
    this.draw(candles);
    this.#chart.priceScale('right').setAutoScale(true);
    this.#chart.timeScale().setVisibleLogicalRange({
      from: candles.length - BARS_IN_VIEW,
      to: candles.length + FREE_BARS,
    });
  }

  /** Draws one bar: the last one, one after it, or an older one that came late. */
  update(candle: Candle, late: boolean): void {
    this.#prices.update(toBar(candle), late);
    this.#volumes.update(toVolume(candle), late);
  }
}

function toBar({ timestamp, open, high, low, close }: Candle) {
  return { time: toTime(timestamp), open, high, low, close };
}

function toVolume({ timestamp, open, close, volume }: Candle) {
  const color = colourOf(close >= open ? 'up' : 'down');
  return { time: toTime(timestamp), value: volume, color };
}

/** The chart counts seconds; its type for them is a plain number with a brand. */
function toTime(timestamp: number): UTCTimestamp {
  return (timestamp / 1_000) as UTCTimestamp;
}

function finestStep(candles: readonly Candle[]): number {
  const price = candles.at(-1)?.close ?? 1;
  return price >= 100 ? 1 : price >= 1 ? 0.01 : 0.000_001;
}

const volumeColours = new Map<string, string>();

/** Asking the style sheet once a bar would be slow. */
function colourOf(name: 'up' | 'down'): string {
  const { theme, palette } = document.documentElement.dataset;
  const key = `${name} ${theme} ${palette}`;
  const known = volumeColours.get(key);
  if (known !== undefined) return known;
  const value = colour(name, 0.38);
  volumeColours.set(key, value);
  return value;
}
