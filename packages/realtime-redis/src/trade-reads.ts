import type { Trade } from '@barkeep/core';
import type { CheckedTradeRead, TradeReplay } from '@barkeep/realtime';
import type { CommandGate } from './command-gate.ts';
import { RECENT_SCRIPT } from './recent-script.ts';
import type { RedisCommands } from './redis-commands.ts';
import { formatCursor, parseCursor } from './replay-cursor.ts';
import { REPLAY_SCRIPT, TRADES_A_READ } from './replay-script.ts';
import { decodeStoredTrade } from './stored-trade.ts';
import type { SymbolKeys } from './symbol-keys.ts';

export interface TradeReadsOptions {
  readonly commands: RedisCommands;
  readonly gate: CommandGate;
  /** Names this reader: what it counts anew is known by it. */
  readonly reader: string;
  /** Values were found that are none of ours. */
  readonly onUnreadable: (values: number) => void;
}

type Texts = readonly (string | null)[];

type ReplayReply = readonly [
  now: string,
  epoch: string,
  last: string,
  lost: string,
  seen: string,
  ids: readonly string[],
  stored: Texts,
  foreign: number,
];

/** Reads the trades of a symbol from Redis, only those that are wanted and never too many at a time. */
export class TradeReads {
  readonly #options: TradeReadsOptions;
  #replays = 0;

  constructor(options: TradeReadsOptions) {
    this.#options = options;
  }

  /**
   * Page by page, from the latest down. A page begins with the timestamp where the one before it ended,
   * because trades may have come or gone meanwhile.
   */
  async recent(keys: SymbolKeys, { limit, since }: CheckedTradeRead): Promise<Trade[]> {
    const { commands, gate } = this.#options;
    const found: Trade[] = [];
    const seen = new Set<string>();
    let from = '+inf';
    /** How many have been seen of the timestamp `from`. */
    let again = 0;
    for (;;) {
      const skipped = again < TRADES_A_READ ? 0 : again;
      const most = Math.min(limit - found.length + again - skipped, TRADES_A_READ);
      const args = [from, `${since}`, `${skipped}`, `${most}`];
      const reply = await gate.run(() =>
        RECENT_SCRIPT.run(commands, [keys.trades, keys.tradesByTime], args),
      );
      const [now, ids, times, stored, foreign] = reply as [
        string,
        string[],
        string[],
        Texts,
        number,
      ];
      this.#options.onUnreadable(foreign);
      const before = seen.size;
      for (const [i, id] of ids.entries()) {
        if (seen.has(id)) continue;
        seen.add(id);
        const time = times[i] ?? '';
        again = time === from ? again + 1 : 1;
        from = time;
        const trade = this.#live(id, stored[i], Number(now));
        if (trade !== undefined) found.push(trade);
      }
      if (found.length >= limit || ids.length < most || seen.size === before) break;
    }
    return found.slice(0, limit).reverse();
  }

  /** Page by page, in the order of arrival. @throws BarkeepError `INVALID_INPUT` for a bad cursor. */
  async replay(keys: SymbolKeys, after: string | undefined, lifeMs: string): Promise<TradeReplay> {
    const { commands, gate, reader } = this.#options;
    const given = after === undefined ? undefined : parseCursor(after);
    const trades: Trade[] = [];
    let from = given;
    let isLost = false;
    for (;;) {
      this.#replays += 1;
      const args = [
        `${reader}-r${this.#replays}`,
        from?.epoch ?? '',
        `${from?.arrival ?? 0}`,
        lifeMs,
        `${TRADES_A_READ}`,
      ];
      const scriptKeys = [keys.trades, keys.tradesByArrival, keys.arrivals];
      const reply = await gate.run(() => REPLAY_SCRIPT.run(commands, scriptKeys, args));
      const [now, epoch, last, lost, seen, ids, stored, foreign] = reply as ReplayReply;
      this.#options.onUnreadable(foreign);
      const isKnown = from === undefined || (from.epoch === epoch && from.arrival <= Number(last));
      isLost ||= !isKnown || foreign > 0 || Number(lost) > (given?.arrival ?? 0);
      for (const [i, id] of ids.entries()) {
        const trade = this.#live(id, stored[i], Number(now));
        if (trade === undefined) isLost = true;
        else trades.push(trade);
      }
      if (ids.length < TRADES_A_READ) {
        const cursor = formatCursor({ epoch, arrival: Number(last) });
        return { trades, cursor, gap: given !== undefined && isLost };
      }
      from = { epoch, arrival: Number(seen) };
    }
  }

  /** `undefined` when it has expired, or is none of ours. */
  #live(id: string, stored: string | null | undefined, now: number): Trade | undefined {
    if (stored === null || stored === undefined) return undefined;
    const found = decodeStoredTrade(id, stored);
    if (found === undefined) this.#options.onUnreadable(1);
    return found !== undefined && found.expiresAt > now ? found.trade : undefined;
  }
}
