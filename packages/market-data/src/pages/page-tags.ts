import { type SeriesKey, seriesKeyText } from '@barkeep/core';

/** The tags of a series' pages: its own, its symbol's, its timeframe's, and those it was given. */
export function pageTags(key: SeriesKey, given: readonly string[]): string[] {
  return [
    seriesTag(key),
    symbolTag(key.symbol),
    timeframeTag(key.timeframe),
    ...given.map(givenTag),
  ];
}

export function seriesTag(key: SeriesKey): string {
  return `series/${seriesKeyText(key)}`;
}

export function symbolTag(symbol: string): string {
  return `symbol/${symbol}`;
}

export function timeframeTag(timeframe: string): string {
  return `timeframe/${timeframe}`;
}

export function givenTag(tag: string): string {
  return `tag/${tag}`;
}
