import type { EpochMs, Trade } from '@barkeep/core';

/** Between the trades of one write. */
const SEPARATOR = '\u0001';
const DIGITS = 16;
/** What lacks it was cut off. */
const END = ';';
/** Control characters separate, a quote marks JSON, and half a character has no bytes of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not occur
const PLAIN_ID = /^[^\u0000-\u001f"][^\u0000-\u001f]*$/;
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]\d+)?`;
/** By its letter; `n` for a trade without one. */
const SIDES: Readonly<Record<string, Trade['side']>> = { b: 'buy', s: 'sell', n: undefined };
const FORM = new RegExp(`^([bsn])(-?\\d{1,16}) (${NUMBER}) (${NUMBER}) (.+)$`, 's');

/** A trade that Redis has, and the first instant by the server's clock at which it is no longer live. */
export interface StoredTrade {
  readonly trade: Trade;
  readonly expiresAt: EpochMs;
}

/** One that came late. */
export interface LateTrade extends StoredTrade {
  /** Its arrival among late ones. */
  readonly number: number;
  /** How many had come in order before. */
  readonly after: number;
}

/** Trades as a write sends them and its message tells them: letter of the side, fields, and last the id. */
export function encodeTrades(trades: readonly Trade[]): string {
  return trades.map(encodeTrade).join(SEPARATOR);
}

/** `undefined` when it is none of `encodeTrades`. */
export function decodeTrades(encoded: string): Trade[] | undefined {
  const trades = encoded.split(SEPARATOR).map(decodeTrade);
  return trades.every((trade) => trade !== undefined) ? trades : undefined;
}

/** What Redis has: expiry, side, fields, id, end; `undefined` when it is something else. */
export function decodeStoredTrade(stored: string): StoredTrade | undefined {
  const expiresAt = stored.slice(0, DIGITS);
  if (!/^\d{16}$/.test(expiresAt) || !stored.endsWith(END)) return undefined;
  const trade = decodeTrade(stored.slice(DIGITS, -END.length));
  return trade && { trade, expiresAt: Number(expiresAt) };
}

/** The same of one that came late: it begins with two numbers. */
export function decodeLateTrade(stored: string): LateTrade | undefined {
  const number = stored.slice(0, DIGITS);
  const after = stored.slice(DIGITS, 2 * DIGITS);
  const found = decodeStoredTrade(stored.slice(2 * DIGITS));
  if (found === undefined || !/^\d{32}$/.test(number + after)) return undefined;
  return { ...found, number: Number(number), after: Number(after) };
}

function encodeTrade({ id, timestamp, price, size, side }: Trade): string {
  const mark = side?.[0] ?? 'n';
  return `${mark}${timestamp} ${price} ${size} ${encodeId(id)}`;
}

function decodeTrade(encoded: string): Trade | undefined {
  const [, mark, timestamp, price, size, encodedId = ''] = FORM.exec(encoded) ?? [];
  const id = decodeId(encodedId);
  if (mark === undefined || id === undefined) return undefined;
  const side = SIDES[mark];
  const trade = { id, timestamp: Number(timestamp), price: Number(price), size: Number(size) };
  return side === undefined ? trade : { ...trade, side };
}

/** Different ids stay different as bytes. */
function encodeId(id: string): string {
  return PLAIN_ID.test(id) && id.isWellFormed() ? id : JSON.stringify(id);
}

function decodeId(encoded: string): string | undefined {
  if (!encoded.startsWith('"')) return encoded;
  try {
    const id: unknown = JSON.parse(encoded);
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
