import { type EpochMs, MIN_EPOCH_MS, type Trade } from '@barkeep/core';
import type { CheckedTradeRead, TradeReplay } from '@barkeep/realtime';
import type { CommandGate } from './command-gate.ts';
import { RECENT_SCRIPT } from './recent-script.ts';
import type { RedisCommands } from './redis-commands.ts';
import { formatCursor, parseCursor, type ReplayCursor } from './replay-cursor.ts';
import { REPLAY_SCRIPT, TRADES_A_READ } from './replay-script.ts';
import {
  decodeLateTrade,
  decodeStoredTrade,
  type LateTrade,
  type StoredTrade,
} from './stored-trade.ts';
import type { SymbolKeys } from './symbol-keys.ts';

export interface TradeReadsOptions {
  readonly commands: RedisCommands;
  readonly gate: CommandGate;
  /** Names this reader: what it counts anew is known by it. */
  readonly reader: string;
  /** Values were found that are none of ours. */
  readonly onUnreadable: (values: number) => void;
}

type PageReply = readonly [
  now: string,
  inOrder: readonly string[],
  late: readonly string[],
  foreign: number,
];

type ReplayReply = readonly [
  now: string,
  epoch: string,
  last: string,
  lost: string,
  late: string,
  lateLost: string,
  from: string,
  page: readonly string[],
  foreign: number,
];

/** A trade in the order of arrival: after so many in order, and of late ones the how manieth. */
interface Arrived {
  readonly trade: Trade;
  readonly after: number;
  readonly late: number;
}

/** Where a page of late trades begins: at a timestamp, of which some were seen. */
interface LatePlace {
  readonly from: EpochMs | '+inf';
  readonly seen: number;
}

const LATEST: LatePlace = { from: '+inf', seen: 0 };
/** Where it is not known how many are wanted: few, and more with every page. */
const FIRST_PAGE = 16;
const GROWTH = 8;

/** Reads the trades of a symbol from Redis, only those that are wanted and never too many at a time. */
export class TradeReads {
  readonly #options: TradeReadsOptions;
  #replays = 0;

  constructor(options: TradeReadsOptions) {
    this.#options = options;
  }

  /** Those in order, page by page from the end, and then the late ones that are no older. */
  async recent(keys: SymbolKeys, { limit, since }: CheckedTradeRead): Promise<Trade[]> {
    const found: Trade[] = [];
    const ids = new Set<string>();
    const lateMost = Math.min(limit, TRADES_A_READ);
    let lates: readonly string[] = [];
    let now = 0;
    let skipped = 0;
    let most = Math.min(limit, since === MIN_EPOCH_MS ? TRADES_A_READ : FIRST_PAGE, TRADES_A_READ);
    for (let isFirst = true; ; isFirst = false) {
      const lateToo = { place: LATEST, since, lateMost: isFirst ? lateMost : 0 };
      const page = await this.#page(keys, { skipped, most, ...lateToo });
      if (isFirst) [lates, now] = [page.late, page.now];
      let isOld = false;
      for (const one of page.inOrder.toReversed()) {
        const read = this.#read(one);
        isOld ||= read !== undefined && read.trade.timestamp < since;
        // Others may have come meanwhile, and moved those that were seen.
        if (isOld || read === undefined || read.expiresAt <= page.now || ids.has(read.trade.id))
          continue;
        ids.add(read.trade.id);
        found.push(read.trade);
      }
      skipped += page.inOrder.length;
      if (isOld || found.length >= limit || page.inOrder.length < most) break;
      most = Math.min(limit - found.length, GROWTH * most, TRADES_A_READ);
    }
    const inOrder = found.slice(0, limit);
    if (lates.length === 0) return inOrder.reverse();
    const oldest = inOrder.length < limit ? since : (inOrder.at(-1)?.timestamp ?? since);
    const isWanted = ({ trade, expiresAt }: LateTrade): boolean =>
      trade.timestamp >= oldest && expiresAt > now && !ids.has(trade.id);
    const begun = { page: lates, lateMost };
    const late = await this.#allLate(keys, oldest, isWanted, limit, begun);
    // Ascending by timestamp; of equal ones, a late one came later.
    const all = [...inOrder.reverse(), ...late.toReversed().map(({ trade }) => trade)];
    all.sort((a, b) => a.timestamp - b.timestamp);
    return all.slice(Math.max(0, all.length - limit));
  }

  /** Those in order page by page, and then the late ones. @throws BarkeepError `INVALID_INPUT` for a bad cursor. */
  async replay(keys: SymbolKeys, after: string | undefined, lifeMs: string): Promise<TradeReplay> {
    const given = after === undefined ? undefined : parseCursor(after);
    let found: Arrived[] = [];
    let from = given;
    let isKnown = true;
    let isLost = false;
    let page = await this.#replayPage(keys, from, lifeMs);
    for (;;) {
      const { now, epoch, last, late, lateLost, start, stored } = page;
      if (
        from !== undefined &&
        !(from.epoch === epoch && from.arrival <= last && from.late <= late)
      ) {
        isKnown = false;
        found = [];
      }
      const isGone = page.lost > (given?.arrival ?? 0) || lateLost > (given?.late ?? 0);
      isLost ||= isGone || page.isForeign;
      for (const [i, one] of stored.entries()) {
        const read = this.#read(one);
        if (read === undefined || read.expiresAt <= now) isLost = true;
        else found.push({ trade: read.trade, after: start + i + 1, late: 0 });
      }
      if (stored.length < TRADES_A_READ) break;
      from = { epoch, arrival: start + stored.length, late: 0 };
      page = await this.#replayPage(keys, from, lifeMs);
    }
    const { now, epoch, last, late } = page;
    const seen = isKnown ? (given?.late ?? 0) : 0;
    if (late > seen) {
      const isWanted = ({ number }: LateTrade): boolean => number > seen && number <= late;
      for (const one of await this.#allLate(
        keys,
        MIN_EPOCH_MS,
        isWanted,
        Number.POSITIVE_INFINITY,
      )) {
        if (one.expiresAt <= now) isLost = true;
        else found.push({ trade: one.trade, after: one.after, late: one.number });
      }
    }
    found.sort((a, b) => a.after - b.after || a.late - b.late);
    return {
      trades: found.map(({ trade }) => trade),
      cursor: formatCursor({ epoch, arrival: last, late }),
      gap: given !== undefined && (!isKnown || isLost),
    };
  }

  /**
   * Late trades from the latest down to a timestamp, page by page, at most `limit` that are wanted. A page begins
   * with the timestamp where the one before it ended, because trades may have come or gone meanwhile.
   */
  async #allLate(
    keys: SymbolKeys,
    oldest: EpochMs,
    isWanted: (late: LateTrade) => boolean,
    limit: number,
    begun?: { readonly page: readonly string[]; readonly lateMost: number },
  ): Promise<LateTrade[]> {
    const wanted: LateTrade[] = [];
    const read = new Set<string>();
    let place = LATEST;
    let page = begun?.page;
    let lateMost = begun?.lateMost ?? TRADES_A_READ;
    for (;;) {
      const asked = { skipped: 0, most: 0, place, since: oldest, lateMost };
      page ??= (await this.#page(keys, asked)).late;
      const before = read.size;
      for (const stored of page) {
        if (read.has(stored)) continue;
        read.add(stored);
        const late = decodeLateTrade(stored);
        if (late === undefined) {
          this.#options.onUnreadable(1);
          continue;
        }
        const { timestamp } = late.trade;
        place = { from: timestamp, seen: timestamp === place.from ? place.seen + 1 : 1 };
        if (isWanted(late)) wanted.push(late);
      }
      if (wanted.length >= limit || page.length < lateMost || read.size === before) {
        return wanted.slice(0, limit);
      }
      page = undefined;
      lateMost = TRADES_A_READ;
    }
  }

  async #page(
    { trades, lateTrades }: SymbolKeys,
    page: {
      readonly skipped: number;
      readonly most: number;
      readonly place: LatePlace;
      readonly since: EpochMs;
      readonly lateMost: number;
    },
  ): Promise<{ now: number; inOrder: readonly string[]; late: readonly string[] }> {
    const { commands, gate, onUnreadable } = this.#options;
    const { from, seen } = page.place;
    // Those of one timestamp are read again, unless they fill a page.
    const lateSkipped = seen < page.lateMost ? 0 : seen;
    const args = [page.skipped, page.most, from, page.since, lateSkipped, page.lateMost].map(
      String,
    );
    const reply = await gate.run(() => RECENT_SCRIPT.run(commands, [trades, lateTrades], args));
    const [now, inOrder, late, foreign] = reply as PageReply;
    onUnreadable(foreign);
    return { now: Number(now), inOrder, late };
  }

  async #replayPage(
    { trades, lateTrades, arrivals }: SymbolKeys,
    from: ReplayCursor | undefined,
    lifeMs: string,
  ) {
    const { commands, gate, reader, onUnreadable } = this.#options;
    this.#replays += 1;
    const place = [from?.epoch ?? '', `${from?.arrival ?? 0}`];
    const args = [`${reader}-r${this.#replays}`, ...place, lifeMs, `${TRADES_A_READ}`];
    const reply = await gate.run(() =>
      REPLAY_SCRIPT.run(commands, [trades, lateTrades, arrivals], args),
    );
    const [now, epoch, last, lost, late, lateLost, start, stored, foreign] = reply as ReplayReply;
    onUnreadable(foreign);
    return {
      now: Number(now),
      epoch,
      last: Number(last),
      lost: Number(lost),
      late: Number(late),
      lateLost: Number(lateLost),
      start: Number(start),
      stored,
      isForeign: foreign > 0,
    };
  }

  #read(stored: string): StoredTrade | undefined {
    const found = decodeStoredTrade(stored);
    if (found === undefined) this.#options.onUnreadable(1);
    return found;
  }
}
