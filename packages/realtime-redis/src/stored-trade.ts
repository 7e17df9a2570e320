import type { EpochMs, Trade } from '@barkeep/core';
import { digits } from './latest-value.ts';

/** Between the trades of one write. */
const SEPARATOR = '\u0001';
const EXPIRES_AT_DIGITS = 16;
/** Control characters separate, a quote marks JSON, and half a character has no bytes of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not occur
const PLAIN_ID = /^[^\u0000-\u001f"][^\u0000-\u001f]*$/;

const STORED_FORM = /^\d{16}[bs]\d+ \S+ \S+ /;

/** A trade as Redis has it: when it expires, its side and its fields, and last its id. */
export function encodeTrades(trades: readonly Trade[], expiresAt: EpochMs): string {
  return trades.map((trade) => encodeTrade(trade, digits(expiresAt))).join(SEPARATOR);
}

/** `undefined` when it is none of `encodeTrades`. */
export function decodeTrades(encoded: string): Trade[] | undefined {
  const stored = encoded.split(SEPARATOR);
  return stored.every((one) => STORED_FORM.test(one)) ? stored.map(decodeTrade) : undefined;
}

export function decodeTrade(stored: string): Trade {
  const priceAt = stored.indexOf(' ', EXPIRES_AT_DIGITS) + 1;
  const sizeAt = stored.indexOf(' ', priceAt) + 1;
  const idAt = stored.indexOf(' ', sizeAt) + 1;
  return {
    id: decodeId(stored.slice(idAt)),
    timestamp: Number(stored.slice(EXPIRES_AT_DIGITS + 1, priceAt)),
    price: Number(stored.slice(priceAt, sizeAt)),
    size: Number(stored.slice(sizeAt, idAt)),
    side: stored[EXPIRES_AT_DIGITS] === 'b' ? 'buy' : 'sell',
  };
}

export function isLiveTrade(stored: string, now: EpochMs): boolean {
  return Number(stored.slice(0, EXPIRES_AT_DIGITS)) > now;
}

function encodeTrade({ id, timestamp, price, size, side }: Trade, expiresAt: string): string {
  const mark = side === 'buy' ? 'b' : 's';
  return `${expiresAt}${mark}${timestamp} ${price} ${size} ${encodeId(id)}`;
}

/** Different ids stay different as bytes. */
function encodeId(id: string): string {
  return PLAIN_ID.test(id) && id.isWellFormed() ? id : JSON.stringify(id);
}

function decodeId(encoded: string): string {
  return encoded.startsWith('"') ? (JSON.parse(encoded) as string) : encoded;
}
