import {
  type AheadBound,
  candleFault,
  type EpochMs,
  invalidInput,
  refuseAheadOfClock,
  requiredTimestamp,
  type SeriesKey,
  timeframeGrid,
  validateOrderBook,
  validateSeriesKey,
  validateSymbol,
  validateTicker,
  validateTrades,
} from '@barkeep/core';
import type {
  CandleStream,
  LiveCandle,
  RouterConnection,
  RouterEvent,
  RouterStatus,
} from './router-event.ts';

const STATUSES: readonly RouterStatus[] = ['connecting', 'connected', 'reconnecting', 'closed'];

/**
 * Throws if an event breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function validateRouterEvent(event: RouterEvent): void {
  requireObject(event, 'event');
  switch (event.type) {
    case 'ticker':
      validateTicker(event.ticker);
      break;
    case 'orderBook':
      validateOrderBook(event.book);
      break;
    case 'trades':
      validateSymbol(event.symbol);
      validateTrades(event.trades);
      break;
    case 'candle':
      validateLiveCandle(event.live);
      break;
    case 'refused':
      requireObject(event.error, 'error');
      break;
    case 'stream':
      validateCandleStream(event.stream);
      break;
    case 'streamEnded':
      validateSeriesKey(event.key);
      requiredTimestamp(event.at, 'at');
      break;
    case 'connection':
      validateRouterConnection(event.connection);
      break;
    default: {
      const { type } = event as { readonly type: unknown };
      throw invalidInput({ field: 'type', rule: 'must be a type of RouterEvent', value: type });
    }
  }
}

/**
 * Throws if a live candle breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function validateLiveCandle(live: LiveCandle): void {
  requireObject(live, 'live');
  const { key, candle, asOf } = live;
  validateSeriesKey(key);
  const fault = candleFault(key, candle);
  if (fault !== undefined) throw fault;
  requiredTimestamp(candle.timestamp, 'timestamp');
  requiredTimestamp(asOf, 'asOf');
}

/**
 * Throws if a candle stream breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function validateCandleStream(stream: CandleStream): void {
  requireObject(stream, 'stream');
  const { key, since } = stream;
  validateSeriesKey(key);
  requiredTimestamp(since, 'since');
  requirePeriodStart(key, since);
}

/**
 * Throws if a connection state breaks a rule.
 * @throws BarkeepError `INVALID_INPUT` naming the field and the rule.
 */
export function validateRouterConnection(connection: RouterConnection): void {
  requireObject(connection, 'connection');
  const { status, since } = connection;
  if (!STATUSES.includes(status)) {
    const rule = `must be one of ${STATUSES.join(', ')}`;
    throw invalidInput({ field: 'connection.status', rule, value: status });
  }
  requiredTimestamp(since, 'connection.since');
}

/**
 * Validates a router's `lastSeen`.
 * @throws BarkeepError `INVALID_INPUT` if it is not a timestamp, or too far ahead of the clock.
 */
export function validateLastSeen(lastSeen: EpochMs | undefined, bound: AheadBound): void {
  if (lastSeen === undefined) return;
  requiredTimestamp(lastSeen, 'lastSeen');
  refuseAheadOfClock({ field: 'lastSeen', value: lastSeen }, bound);
}

function requirePeriodStart({ timeframe }: SeriesKey, since: number): void {
  if (timeframeGrid(timeframe).floor(since) === since) return;
  const rule = `must be the start of a period of ${timeframe}`;
  throw invalidInput({ field: 'since', rule, value: since });
}

function requireObject(value: unknown, field: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw invalidInput({ field, rule: 'must be an object', value });
}
