import { identifyTrades, type Trade, type TradeInput } from '@barkeep/core';
import type { TradeAppendResult } from '@barkeep/realtime';
import type { RealtimeModel } from './realtime-model.ts';

interface KeptTrade {
  readonly value: Trade;
  readonly expiresAt: number;
  readonly arrival: number;
}

/** What a replay after a cursor must and may say. */
interface ExpectedReplay {
  readonly trades: readonly Trade[];
  /** `undefined`: either. */
  readonly gap: boolean | undefined;
}

const LONG_AGO = Number.NEGATIVE_INFINITY;

/** The newest trades of each symbol. */
export class RecentTrades {
  readonly #model: RealtimeModel;
  readonly #lifeMs: number;
  readonly #most: number;
  /** Ascending by timestamp, then by arrival. */
  readonly #kept = new Map<string, KeptTrade[]>();
  /** The last arrival of each symbol that is gone, and of all symbols. */
  readonly #lost = new Map<string, number>();
  #lastLost = 0;
  /** What is no newer was pushed out of a symbol or refused before. */
  readonly #lostUntil = new Map<string, number>();
  arrivals = 0;

  constructor(model: RealtimeModel, lifeMs: number, most: number) {
    this.#model = model;
    this.#lifeMs = lifeMs;
    this.#most = most;
  }

  append(symbol: string, input: readonly TradeInput[]): TradeAppendResult {
    const trades = identifyTrades(input);
    const kept = this.#live(symbol);
    const given = new Set<string>();
    const expiresAt = this.#model.now() + this.#lifeMs;
    const added = trades.filter((value) => {
      const isKnown = given.has(value.id) || kept.some((one) => one.value.id === value.id);
      given.add(value.id);
      if (isKnown || !this.#makeRoom(symbol, kept, value)) return false;
      this.arrivals += 1;
      const after = kept.findLastIndex((one) => one.value.timestamp <= value.timestamp);
      kept.splice(after + 1, 0, { value, expiresAt, arrival: this.arrivals });
      return true;
    });
    this.#kept.set(symbol, kept);
    const result = { added: added.length, duplicates: trades.length - added.length };
    this.#model.counts.stored += result.added;
    this.#model.counts.duplicates += result.duplicates;
    if (added.length > 0) this.#model.tell('trades', symbol, added);
    return result;
  }

  recent(
    symbol: string,
    { limit = Number.POSITIVE_INFINITY, since = LONG_AGO }: { limit?: number; since?: number } = {},
  ): Trade[] {
    const trades = this.#live(symbol).map(({ value }) => value);
    const wanted = trades.filter(({ timestamp }) => timestamp >= since);
    return wanted.slice(Math.max(0, wanted.length - limit));
  }

  /** @param seen What `arrivals` was at the replay before; `undefined`: from the start. */
  replay(symbol: string, seen: number | undefined): ExpectedReplay {
    for (const each of this.#kept.keys()) this.#live(each);
    const unseen = this.#live(symbol).filter(({ arrival }) => arrival > (seen ?? 0));
    const trades = unseen.sort((a, b) => a.arrival - b.arrival).map(({ value }) => value);
    if (seen === undefined) return { trades, gap: false };
    const isLost = (this.#lost.get(symbol) ?? 0) > seen;
    // What happened to other symbols may be reported too.
    return { trades, gap: isLost || this.#lastLost <= seen ? isLost : undefined };
  }

  delete(symbol: string): boolean {
    const { length } = this.#live(symbol);
    this.#lose(symbol, () => false);
    this.#lostUntil.delete(symbol);
    return length > 0;
  }

  clear(): void {
    for (const symbol of this.#kept.keys()) this.delete(symbol);
    // Cursors may be forgotten with all that there was.
    this.arrivals += 1;
    this.#lastLost = this.arrivals;
  }

  count(): number {
    return [...this.#kept.keys()].reduce((sum, symbol) => sum + this.#live(symbol).length, 0);
  }

  /** Of a full symbol the oldest goes, or one from too far ahead; nothing goes for what is older than all. */
  #makeRoom(symbol: string, kept: KeptTrade[], trade: Trade): boolean {
    const [oldest, newest] = [kept[0], kept.at(-1)];
    if (kept.length < this.#most || oldest === undefined || newest === undefined) return true;
    if (this.#model.believes(trade) && !this.#model.believes(newest.value)) {
      this.#forget(symbol, kept.splice(-1));
      return true;
    }
    const until = this.#lostUntil.get(symbol) ?? LONG_AGO;
    const isNewer = trade.timestamp >= oldest.value.timestamp;
    const lostUntil = isNewer ? oldest.value.timestamp : trade.timestamp;
    this.#lostUntil.set(symbol, Math.max(until, lostUntil));
    if (isNewer) {
      this.#forget(symbol, kept.splice(0, 1));
    } else if (trade.timestamp > until) {
      this.arrivals += 1;
      this.#lastLost = this.arrivals;
      this.#lost.set(symbol, this.arrivals);
    }
    return isNewer;
  }

  #live(symbol: string): KeptTrade[] {
    const now = this.#model.now();
    this.#lose(symbol, ({ expiresAt }) => expiresAt > now);
    return this.#kept.get(symbol) ?? [];
  }

  /** Drops all but those that stay. */
  #lose(symbol: string, stays: (trade: KeptTrade) => boolean): void {
    const kept = this.#kept.get(symbol) ?? [];
    const left = kept.filter(stays);
    if (left.length === kept.length) return;
    this.#forget(
      symbol,
      kept.filter((trade) => !left.includes(trade)),
    );
    this.#kept.set(symbol, left);
  }

  #forget(symbol: string, trades: readonly KeptTrade[]): void {
    const last = Math.max(...trades.map(({ arrival }) => arrival));
    this.#lost.set(symbol, Math.max(last, this.#lost.get(symbol) ?? 0));
    this.#lastLost = Math.max(last, this.#lastLost);
  }
}
