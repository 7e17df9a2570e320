import type { EpochMs, Trade } from '@barkeep/core';

/** Between the trades of one write. */
const SEPARATOR = '\u0001';
const EXPIRES_AT_DIGITS = 16;
/** What lacks it was cut off. */
const END = ';';
/** Control characters separate, a quote marks JSON, and half a character has no bytes of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not occur
const PLAIN_ID = /^[^\u0000-\u001f"][^\u0000-\u001f]*$/;
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]\d+)?`;
const FORM = new RegExp(`^([bs])(\\d{1,16}) (${NUMBER}) (${NUMBER})$`);

/** A trade that Redis has, and the first instant by the server's clock at which it is no longer live. */
export interface StoredTrade {
  readonly trade: Trade;
  readonly expiresAt: EpochMs;
}

/** Trades as a write sends them and its message tells them: side, fields, and last the id. */
export function encodeTrades(trades: readonly Trade[]): string {
  return trades.map(encodeTrade).join(SEPARATOR);
}

/** `undefined` when it is none of `encodeTrades`. */
export function decodeTrades(encoded: string): Trade[] | undefined {
  const trades: Trade[] = [];
  for (const one of encoded.split(SEPARATOR)) {
    const [fields = ''] = /^\S+ \S+ \S+/.exec(one) ?? [];
    const trade = decodeTrade(one.slice(fields.length + 1), fields);
    if (trade === undefined) return undefined;
    trades.push(trade);
  }
  return trades;
}

/** What Redis has under an id: expiry, side, fields, end; `undefined` when it is something else. */
export function decodeStoredTrade(id: string, stored: string): StoredTrade | undefined {
  const expiresAt = stored.slice(0, EXPIRES_AT_DIGITS);
  const isWhole = /^\d{16}$/.test(expiresAt) && stored.endsWith(END);
  const trade = isWhole ? decodeTrade(id, stored.slice(EXPIRES_AT_DIGITS, -END.length)) : undefined;
  if (trade === undefined) return undefined;
  return { trade, expiresAt: Number(expiresAt) };
}

function encodeTrade({ id, timestamp, price, size, side }: Trade): string {
  const mark = side === 'buy' ? 'b' : 's';
  return `${mark}${timestamp} ${price} ${size} ${encodeId(id)}`;
}

function decodeTrade(encodedId: string, fields: string): Trade | undefined {
  const [, mark, timestamp, price, size] = FORM.exec(fields) ?? [];
  const id = decodeId(encodedId);
  if (mark === undefined || id === undefined) return undefined;
  return {
    id,
    timestamp: Number(timestamp),
    price: Number(price),
    size: Number(size),
    side: mark === 'b' ? 'buy' : 'sell',
  };
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
