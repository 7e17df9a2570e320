import type { RealtimeStatistics } from '@barkeep/realtime';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { assertEmpty } from '../realtime-state.ts';
import { OTHER, SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

const MOST_SYMBOLS = 5_000;

const boundedSymbols: Pick<RealtimeScenario, 'requires'> = {
  requires: ({ maxSymbols }) => {
    if (maxSymbols === undefined) return 'it declares no bound of symbols';
    return maxSymbols > MOST_SYMBOLS ? 'its bound takes too long to fill' : undefined;
  },
};

export const wholeScenarios: readonly RealtimeScenario[] = [
  scenario('stats/fresh', 'a fresh cache has counted nothing', async (realtime) => {
    const stats = await realtime.stats();
    const expected: RealtimeStatistics = {
      operations: stats.operations,
      tickers: 0,
      orderBooks: 0,
      trades: 0,
      bytes: stats.bytes,
      hits: 0,
      misses: 0,
      stored: 0,
      stale: 0,
      duplicates: 0,
      expirations: 0,
      evictions: 0,
      unreadable: 0,
    };
    assertEqual(stats, expected, 'stats');
  }),
  scenario('stats/kinds', 'statistics count each kind', async (realtime) => {
    await realtime.tickers.set(sampleTicker());
    await realtime.tickers.set(sampleTicker(0, OTHER));
    await realtime.tickers.set(sampleTicker(1, OTHER));
    await realtime.orderBooks.set(sampleBook());
    await realtime.trades.append(SYMBOL, sampleTrades(0, 4));
    await realtime.trades.append(OTHER, sampleTrades(0, 3));
    const { tickers, orderBooks, trades, stored } = await realtime.stats();
    assertEqual(
      { tickers, orderBooks, trades, stored },
      { tickers: 2, orderBooks: 1, trades: 7, stored: 11 },
      'the counts',
    );
  }),
  scenario('stats/bytes', 'bytes grow with what is stored', async (realtime) => {
    const { bytes: empty } = await realtime.stats();
    await realtime.trades.append(SYMBOL, sampleTrades(0, 40));
    const { bytes: trades } = await realtime.stats();
    assertTrue(trades - empty > 40 * 24, `40 trades take ${trades - empty} bytes`);
    await realtime.orderBooks.set(sampleBook(0, OTHER, 30));
    const { bytes: book } = await realtime.stats();
    assertTrue(book - trades > 60 * 16, `60 levels take ${book - trades} bytes`);
  }),
  scenario('clear/everything', 'clear removes every kind of every symbol', async (realtime) => {
    for (const symbol of [SYMBOL, OTHER, '*', '__proto__']) {
      await realtime.tickers.set(sampleTicker(5, symbol));
      await realtime.orderBooks.set(sampleBook(5, symbol));
      await realtime.trades.append(symbol, sampleTrades(0, 2));
    }
    await realtime.clear();
    await assertEmpty(realtime, 'after clear');
    assertEqual(await realtime.tickers.set(sampleTicker(1)), 'stored', 'an older ticker after it');
    assertEqual(
      await realtime.trades.append(SYMBOL, sampleTrades(0, 2)),
      { added: 2, duplicates: 0 },
      'the same trades after it',
    );
  }),
  scenario(
    'clear/own-data',
    'clear leaves the data of another cache alone',
    async (realtime, context) => {
      const other = await context.open();
      await other.tickers.set(sampleTicker());
      await realtime.tickers.set(sampleTicker());
      await realtime.clear();
      assertEqual(await other.tickers.get(SYMBOL), sampleTicker(), 'the other cache');
    },
  ),
  scenario('sweep/returns', 'a sweep leaves what is live', async (realtime) => {
    await realtime.tickers.set(sampleTicker());
    await realtime.orderBooks.set(sampleBook());
    await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
    assertEqual(await realtime.sweep(), 0, 'how many it removed');
    assertEqual(await realtime.tickers.get(SYMBOL), sampleTicker(), 'the ticker');
    assertEqual(await realtime.orderBooks.get(SYMBOL), sampleBook(), 'the book');
    assertEqual(await realtime.trades.recent(SYMBOL), sampleTrades(0, 3), 'the trades');
  }),
  ...(['tickers', 'orderBooks', 'trades'] as const).map((kind) =>
    scenario(
      `bounds/${kind}-symbols`,
      `it never keeps ${kind} of more symbols than it declares, and keeps the newest`,
      async (realtime) => {
        const most = assertDefined(realtime.capabilities.maxSymbols, 'maxSymbols');
        for (let i = 0; i < most + 10; i += 1) {
          if (kind === 'tickers') await realtime.tickers.set(sampleTicker(i, `S${i}`));
          if (kind === 'orderBooks') await realtime.orderBooks.set(sampleBook(i, `S${i}`));
          if (kind === 'trades') await realtime.trades.append(`S${i}`, sampleTrades(i, i + 1));
        }
        const stats = await realtime.stats();
        assertTrue(stats[kind] <= most, `${stats[kind]} symbols are at most ${most}`);
        assertEqual(stats[kind] + stats.evictions, most + 10, 'kept and evicted');
        const last = `S${most + 9}`;
        const newest =
          kind === 'trades' ? await realtime.trades.recent(last) : await realtime[kind].get(last);
        assertTrue(
          Array.isArray(newest) ? newest.length === 1 : newest !== undefined,
          'the newest is there',
        );
      },
      boundedSymbols,
    ),
  ),
];
