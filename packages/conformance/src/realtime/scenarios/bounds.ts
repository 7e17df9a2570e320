import type { IRealtimeCache } from '@barkeep/realtime';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrade, sampleTrades } from '../sample-market.ts';

const MOST_SYMBOLS = 5_000;
const MOST_TRADES = 20_000;
/** What the harness of a realtime cache must have room for. */
const ROOM = 100;

const WRITES: Readonly<
  Record<
    'tickers' | 'orderBooks' | 'trades',
    (realtime: IRealtimeCache, symbol: string, i: number) => Promise<unknown>
  >
> = {
  tickers: ({ tickers }, symbol, i) => tickers.set(sampleTicker(i, symbol)),
  orderBooks: ({ orderBooks }, symbol, i) => orderBooks.set(sampleBook(i, symbol)),
  trades: ({ trades }, symbol, i) => trades.append(symbol, [sampleTrade(i)]),
};

export const boundScenarios: readonly RealtimeScenario[] = [
  ...(['tickers', 'orderBooks', 'trades'] as const).map((part) =>
    scenario(
      `bounds/${part}`,
      `it keeps ${part} of as many symbols as it declares, and the newest of more`,
      async (realtime) => {
        const most = realtime.capabilities.maxSymbols;
        const fills = most !== undefined && most <= MOST_SYMBOLS;
        const room = fills ? most : ROOM;
        const count = async (): Promise<number> => (await realtime.stats())[part];
        for (let i = 0; i < room; i += 1) await WRITES[part](realtime, `S${i}`, i);
        assertEqual(await count(), room, `${part} of as many symbols as it has room for`);
        if (!fills) return;
        for (let i = room; i < room + 10; i += 1) await WRITES[part](realtime, `S${i}`, i);
        const { evictions } = await realtime.stats();
        assertTrue((await count()) <= most, `${await count()} symbols are at most ${most}`);
        assertEqual((await count()) + evictions, most + 10, 'kept and evicted');
        const newest = {
          tickers: () => realtime.tickers.get(`S${most + 9}`),
          orderBooks: () => realtime.orderBooks.get(`S${most + 9}`),
          trades: async () => (await realtime.trades.recent(`S${most + 9}`))[0],
        }[part];
        assertDefined<unknown>(await newest(), 'the newest');
      },
    ),
  ),
  scenario(
    'bounds/old-page',
    'a page older than all of a full symbol is a gap once, not added, nor told of',
    async (realtime) => {
      const most = realtime.capabilities.maxTradesPerSymbol;
      const page = sampleTrades(-2 * most, 0);
      const { cursor: before } = await realtime.trades.replay(SYMBOL);
      await realtime.trades.append(SYMBOL, page.toReversed());
      const { gap, cursor } = await realtime.trades.replay(SYMBOL, { after: before });
      assertTrue(gap, 'the older ones of the call were never there: a gap');
      const kept = await realtime.trades.recent(SYMBOL);
      assertEqual(kept, page.slice(-most), 'what is kept: as many as declared');
      const events: unknown[] = [];
      realtime.subscribe({ types: ['trades'] }, (event) => events.push(event));
      const again = await realtime.trades.append(SYMBOL, page);
      assertEqual(again, { added: 0, duplicates: page.length }, 'the whole page again');
      assertEqual(await realtime.trades.recent(SYMBOL), kept, 'what is kept then');
      const replay = await realtime.trades.replay(SYMBOL, { after: cursor });
      assertEqual({ ...replay, cursor: '' }, { trades: [], cursor: '', gap: false }, 'the replay');
      assertEqual(events, [], 'the events');
    },
    {
      requires: ({ maxTradesPerSymbol }) =>
        maxTradesPerSymbol > MOST_TRADES ? 'its bound takes too long to fill' : undefined,
    },
  ),
];
