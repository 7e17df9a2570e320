import type { Trade } from '@barkeep/core';
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
    'of each symbol it keeps the trades that arrived last, up to its bound',
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
    {
      requires: ({ maxTradesPerSymbol }) =>
        maxTradesPerSymbol > MOST_TRADES ? 'its bound takes too long to fill' : undefined,
    },
  ),
  scenario(
    'trades/bound-one-call',
    'a call with more trades than the bound keeps the last of them',
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
    {
      requires: ({ maxTradesPerSymbol }) =>
        maxTradesPerSymbol > MOST_TRADES ? 'its bound takes too long to fill' : undefined,
    },
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
