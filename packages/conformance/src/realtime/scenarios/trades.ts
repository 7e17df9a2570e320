import type { Trade } from '@barkeep/core';
import type { IRealtimeCache } from '@barkeep/realtime';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { assertRecent } from '../realtime-state.ts';
import {
  HOSTILE_SYMBOLS,
  OTHER,
  START,
  SYMBOL,
  sampleTrade,
  sampleTrades,
} from '../sample-market.ts';

const MOST_TRADES = 20_000;
const LONGEST_WAIT_MS = 5_000;

const boundThatFills: Pick<RealtimeScenario, 'requires'> = {
  requires: ({ maxTradesPerSymbol }) =>
    maxTradesPerSymbol > MOST_TRADES ? 'its bound takes too long to fill' : undefined,
};

/** Orders in which trades come that ascend. */
const ORDERS: Readonly<Record<string, (trades: readonly Trade[]) => Trade[]>> = {
  'newest-first': (trades) => trades.toReversed(),
  'page-by-page-back': (trades) =>
    inParts(trades, 20)
      .reverse()
      .flatMap((page) => [...page]),
  shuffled: (trades) => trades.map((_, i) => trades[(i * 7_919) % trades.length]).filter(isTrade),
};

export const tradeScenarios: readonly RealtimeScenario[] = [
  scenario('trades/none', 'of an unknown symbol there are no trades', async (realtime) => {
    await assertRecent(realtime, [], 'recent');
    assertEqual(await realtime.trades.delete(SYMBOL), false, 'delete');
  }),
  scenario('trades/append', 'trades come back bit for bit', async (realtime) => {
    const trades = [
      sampleTrade(0, { price: 0.1 + 0.2, size: 0 }),
      sampleTrade(1, { price: 1e300, size: 1e-300, side: 'sell' }),
      sampleTrade(2, { price: Number.MIN_VALUE, side: 'sell' }),
      sampleTrade(3, { price: Number.MAX_VALUE, side: 'buy' }),
    ];
    const added = await realtime.trades.append(SYMBOL, trades);
    assertEqual(added, { added: 4, duplicates: 0 }, 'append');
    await assertRecent(realtime, trades, 'recent');
  }),
  scenario('trades/append-none', 'no trades change nothing', async (realtime) => {
    const added = await realtime.trades.append(SYMBOL, []);
    assertEqual(added, { added: 0, duplicates: 0 }, 'append');
    assertEqual((await realtime.stats()).trades, 0, 'how many there are');
  }),
  scenario(
    'trades/duplicates',
    'a trade whose id is there is a duplicate and changes nothing',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 5));
      const again = sampleTrades(3, 8).map((trade) => ({ ...trade, price: trade.price + 50 }));
      const added = await realtime.trades.append(SYMBOL, again);
      assertEqual(added, { added: 3, duplicates: 2 }, 'append');
      await assertRecent(realtime, [...sampleTrades(0, 5), ...again.slice(2)], 'recent');
      const { stored, duplicates } = await realtime.stats();
      assertEqual({ stored, duplicates }, { stored: 8, duplicates: 2 }, 'the counts');
    },
  ),
  scenario(
    'trades/duplicates-inside',
    'of an id that comes twice in a call the first counts',
    async (realtime) => {
      const [a, b] = [sampleTrade(0), sampleTrade(1)];
      const added = await realtime.trades.append(SYMBOL, [a, b, { ...a, price: 5 }, a]);
      assertEqual(added, { added: 2, duplicates: 2 }, 'append');
      await assertRecent(realtime, [a, b], 'recent');
    },
  ),
  scenario(
    'trades/duplicates-by-symbol',
    'ids are unique within a symbol only',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const added = await realtime.trades.append(OTHER, sampleTrades(0, 3));
      assertEqual(added, { added: 3, duplicates: 0 }, 'append to the other symbol');
      await assertRecent(realtime, sampleTrades(0, 3), 'recent', {}, OTHER);
    },
  ),
  scenario(
    'trades/duplicates-at-a-time',
    'of overlapping calls at a time each trade is added once',
    async (realtime) => {
      const calls = [sampleTrades(0, 10), sampleTrades(5, 15), sampleTrades(0, 15)];
      const results = await Promise.all(
        calls.map((trades) => realtime.trades.append(SYMBOL, trades)),
      );
      assertEqual(
        results.reduce((sum, { added }) => sum + added, 0),
        15,
        'how many were added',
      );
      await assertRecent(realtime, sampleTrades(0, 15), 'recent');
    },
  ),
  scenario(
    'trades/ids-are-text',
    'ids are compared as text, beyond 2^53 and with leading zeros',
    async (realtime) => {
      const ids = [
        '9007199254740992',
        '9007199254740993',
        '1',
        '01',
        '1.0',
        '1e0',
        ' 1',
        '-0',
        '0',
      ];
      const trades = ids.map((id, i) => sampleTrade(i, { id }));
      for (const trade of trades) {
        const added = await realtime.trades.append(SYMBOL, [trade]);
        assertEqual(added, { added: 1, duplicates: 0 }, `append ${trade.id}`);
      }
      await assertRecent(realtime, trades, 'recent');
    },
  ),
  scenario('trades/hostile-ids', 'an id is an opaque name', async (realtime) => {
    const ids = [
      '__proto__',
      'constructor',
      'has',
      '*',
      'a:b',
      '비트코인',
      '🚀',
      '\n',
      'x'.repeat(200),
    ];
    const trades = ids.map((id, i) => sampleTrade(i, { id }));
    assertEqual((await realtime.trades.append(SYMBOL, trades)).added, ids.length, 'added');
    assertEqual((await realtime.trades.append(SYMBOL, trades)).duplicates, ids.length, 'again');
    await assertRecent(realtime, trades, 'recent');
  }),
  scenario('trades/hostile-symbols', 'a symbol is an opaque name', async (realtime) => {
    for (const [i, symbol] of HOSTILE_SYMBOLS.entries()) {
      await assertRecent(realtime, [], `${symbol.slice(0, 20)} before`, {}, symbol);
      await realtime.trades.append(symbol, [sampleTrade(i)]);
    }
    for (const [i, symbol] of HOSTILE_SYMBOLS.entries()) {
      await assertRecent(realtime, [sampleTrade(i)], symbol.slice(0, 20), {}, symbol);
    }
  }),
  scenario(
    'trades/order',
    'trades ascend by timestamp, whatever order they came in',
    async (realtime) => {
      for (const i of [5, 2, 8, 0]) await realtime.trades.append(SYMBOL, [sampleTrade(i)]);
      await realtime.trades.append(
        SYMBOL,
        [9, 1, 7, 3].map((i) => sampleTrade(i)),
      );
      await assertRecent(
        realtime,
        [0, 1, 2, 3, 5, 7, 8, 9].map((i) => sampleTrade(i)),
        'recent',
      );
    },
  ),
  scenario('trades/order-equal', 'equal timestamps keep the order of arrival', async (realtime) => {
    const trades = ['c', 'a', 'b', '10', '9'].map((id) => sampleTrade(1, { id }));
    await realtime.trades.append(SYMBOL, [sampleTrade(2), ...trades.slice(0, 3)]);
    await realtime.trades.append(SYMBOL, trades.slice(3));
    await assertRecent(realtime, [...trades, sampleTrade(2)], 'recent');
  }),
  scenario('trades/limit', 'a limit takes the latest, in ascending order', async (realtime) => {
    await realtime.trades.append(SYMBOL, [...sampleTrades(4, 10), ...sampleTrades(0, 4)]);
    for (const limit of [0, 1, 3, 10, 1_000]) {
      const expected = sampleTrades(Math.max(0, 10 - limit), 10);
      await assertRecent(realtime, expected, `limit ${limit}`, { limit });
    }
  }),
  scenario('trades/since', 'since takes trades at or after an instant', async (realtime) => {
    await realtime.trades.append(SYMBOL, sampleTrades(0, 10));
    await assertRecent(realtime, sampleTrades(4, 10), 'at', { since: START + 4_000 });
    await assertRecent(realtime, sampleTrades(5, 10), 'after', { since: START + 4_001 });
    await assertRecent(realtime, sampleTrades(0, 10), 'from 0', { since: 0 });
    await assertRecent(realtime, [], 'beyond all', { since: START + 10_000 });
    await assertRecent(realtime, sampleTrades(8, 10), 'with a limit', {
      since: START + 4_000,
      limit: 2,
    });
    await assertRecent(realtime, sampleTrades(8, 10), 'with a larger limit', {
      since: START + 8_000,
      limit: 5,
    });
  }),
  ...[-1, 1.5, Number.NaN, '3', null].map((limit) =>
    scenario(
      `trades/rejects-limit-${limit}`,
      `a limit of ${limit} is refused`,
      async (realtime) => {
        const read = (): Promise<Trade[]> =>
          realtime.trades.recent(SYMBOL, { limit: limit as number });
        await assertRejects(read, 'INVALID_INPUT', 'recent', { field: 'limit' });
      },
    ),
  ),
  ...[-1, 1.5, Number.NaN, START / 1_000, START * 1_000].map((since) =>
    scenario(`trades/rejects-since-${since}`, `since ${since} is refused`, async (realtime) => {
      const read = (): Promise<Trade[]> => realtime.trades.recent(SYMBOL, { since });
      await assertRejects(read, 'INVALID_INPUT', 'recent', { field: 'since' });
    }),
  ),
  scenario(
    'trades/rejects-unknown-option',
    'an unknown option is refused, not ignored',
    async (realtime) => {
      const options = { from: START } as never;
      await assertRejects(() => realtime.trades.recent(SYMBOL, options), 'INVALID_INPUT', 'recent');
    },
  ),
  scenario(
    'trades/bound',
    'of each symbol it keeps the newest trades, up to its bound',
    async (realtime) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      await realtime.trades.append(OTHER, [sampleTrade(0)]);
      for (let i = 0; i < most + 10; i += 5) {
        await realtime.trades.append(SYMBOL, sampleTrades(i, i + 5));
      }
      const kept = await realtime.trades.recent(SYMBOL);
      assertTrue(kept.length <= most, `${kept.length} trades are at most ${most}`);
      assertTrue(kept.length > most / 2, `${kept.length} trades are more than half of ${most}`);
      const end = Math.ceil((most + 10) / 5) * 5;
      assertEqual(kept, sampleTrades(end - kept.length, end), 'the trades that are kept');
      await assertRecent(realtime, [sampleTrade(0)], 'the other symbol', {}, OTHER);
    },
    boundThatFills,
  ),
  scenario(
    'trades/bound-one-call',
    'a call with more trades than the bound keeps the newest of them',
    async (realtime) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      const trades = sampleTrades(0, most + 25);
      assertEqual((await realtime.trades.append(SYMBOL, trades)).added, most + 25, 'added');
      const kept = await realtime.trades.recent(SYMBOL);
      assertTrue(kept.length <= most, `${kept.length} trades are at most ${most}`);
      assertEqual(kept, trades.slice(-kept.length), 'the trades that are kept');
      const again = await realtime.trades.append(SYMBOL, kept);
      assertEqual(again, { added: 0, duplicates: kept.length }, 'the same again');
    },
    boundThatFills,
  ),
  ...Object.entries(ORDERS).map(([name, inOrder]) =>
    scenario(
      `trades/bound-${name}`,
      `of more trades than the bound, ${name}, the newest stay`,
      async (realtime) => {
        const most = realtime.capabilities.maxTradesPerSymbol;
        // All of them long past: none is newer than any clock.
        const trades = sampleTrades(-2 * most - 25, 0);
        for (const part of inParts(inOrder(trades), Math.ceil(most / 3))) {
          await realtime.trades.append(SYMBOL, part);
        }
        await assertNewest(realtime, trades, `${name}, in parts`);
        await realtime.trades.append(OTHER, inOrder(trades));
        await assertNewest(realtime, trades, `${name}, in one call`, OTHER);
      },
      boundThatFills,
    ),
  ),
  scenario(
    'trades/older-than-all',
    'a trade older than all of a full symbol is not added, counted as such, nor told of',
    async (realtime) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      const page = sampleTrades(-2 * most, 0);
      await realtime.trades.append(SYMBOL, page);
      const before = await realtime.trades.recent(SYMBOL);
      const { cursor } = await realtime.trades.replay(SYMBOL);
      const events: unknown[] = [];
      realtime.subscribe({ types: ['trades'] }, (event) => events.push(event));
      const [oldest] = page;
      const again = await realtime.trades.append(SYMBOL, page);
      assertEqual(again, { added: 0, duplicates: page.length }, 'the whole page again');
      const one = await realtime.trades.append(SYMBOL, oldest === undefined ? [] : [oldest]);
      assertEqual(one, { added: 0, duplicates: 1 }, 'its oldest trade again');
      assertEqual(await realtime.trades.recent(SYMBOL), before, 'the trades that are kept');
      const replay = await realtime.trades.replay(SYMBOL, { after: cursor });
      assertEqual({ ...replay, cursor: '' }, { trades: [], cursor: '', gap: false }, 'the replay');
      const newest = sampleTrade(1);
      assertEqual((await realtime.trades.append(SYMBOL, [newest])).added, 1, 'a newer one');
      assertEqual((await realtime.trades.recent(SYMBOL)).at(-1), newest, 'the newest');
      await until(() => events.length > 0);
      assertEqual(events, [{ type: 'trades', symbol: SYMBOL, trades: [newest] }], 'the events');
    },
    boundThatFills,
  ),
  scenario(
    'trades/far-ahead-give-way',
    'trades stamped far ahead of the clock give way in a full symbol to those that are not',
    async (realtime, { clock }) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      const ahead = Math.max(clock.now(), Date.now()) + 9 * 3_600_000;
      const wrong = sampleTrades(0, most).map((trade, i) => ({
        ...trade,
        id: `wrong${i}`,
        timestamp: ahead + i,
      }));
      await realtime.trades.append(SYMBOL, wrong);
      const right = sampleTrades(-5, 0);
      const added = await realtime.trades.append(SYMBOL, right);
      assertEqual(added, { added: 5, duplicates: 0 }, 'append');
      const kept = await realtime.trades.recent(SYMBOL);
      assertEqual(kept.slice(0, 5), right, 'the oldest that are kept');
      assertTrue(kept.length <= most, `${kept.length} trades are at most ${most}`);
    },
    boundThatFills,
  ),
  scenario(
    'trades/delete',
    'delete removes all trades of one symbol and frees their ids',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 5));
      await realtime.trades.append(OTHER, sampleTrades(0, 2));
      assertEqual(await realtime.trades.delete(SYMBOL), true, 'the first delete');
      assertEqual(await realtime.trades.delete(SYMBOL), false, 'the second delete');
      await assertRecent(realtime, [], 'recent');
      await assertRecent(realtime, sampleTrades(0, 2), 'the other symbol', {}, OTHER);
      assertEqual(
        (await realtime.trades.append(SYMBOL, sampleTrades(0, 5))).added,
        5,
        'added again',
      );
    },
  ),
  scenario(
    'trades/own-objects',
    'the caller’s trades are neither kept nor changed',
    async (realtime) => {
      const trades: Trade[] = sampleTrades(0, 3);
      const appending = realtime.trades.append(SYMBOL, trades);
      Reflect.set(trades[0] ?? {}, 'price', 1);
      trades.pop();
      await appending;
      await assertRecent(realtime, sampleTrades(0, 3), 'recent');
    },
  ),
  scenario(
    'trades/fresh-objects',
    'what one reader does to trades no other sees',
    async (realtime) => {
      await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
      const trades = await realtime.trades.recent(SYMBOL);
      Reflect.set(trades[0] ?? {}, 'price', 1);
      trades.length = 0;
      await assertRecent(realtime, sampleTrades(0, 3), 'the next read');
    },
  ),
];

/** Asserts that the newest of the trades are kept: as many as the bound allows, or at least half. */
async function assertNewest(
  realtime: IRealtimeCache,
  trades: readonly Trade[],
  what: string,
  symbol: string = SYMBOL,
): Promise<void> {
  const most = realtime.capabilities.maxTradesPerSymbol;
  const kept = await realtime.trades.recent(symbol);
  assertTrue(kept.length <= most, `${what}: ${kept.length} trades are at most ${most}`);
  assertTrue(kept.length > most / 2, `${what}: ${kept.length} are more than half of ${most}`);
  assertEqual(kept, trades.slice(-kept.length), `${what}: the trades that are kept`);
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

function isTrade(trade: Trade | undefined): trade is Trade {
  return trade !== undefined;
}

/** Waits for what comes from a server. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < LONGEST_WAIT_MS && !isSo(); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
