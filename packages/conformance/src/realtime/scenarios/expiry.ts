import { DEFAULT_REALTIME_EXPIRY, type IRealtimeCache } from '@barkeep/realtime';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrade, sampleTrades } from '../sample-market.ts';

const { tickerMs, orderBookMs, tradesMs } = DEFAULT_REALTIME_EXPIRY;

/** Puts the end of each life between two sweeps, which would hide what reads must hide. */
const OFFSET = 7_000;
/** Long enough for every value to expire and for sweeps to have come by. */
const LONG = tradesMs + 300_000;
const HOUR = 3_600_000;

const KINDS = [
  {
    part: 'tickers',
    lifeMs: tickerMs,
    store: ({ tickers }: IRealtimeCache, i: number) => tickers.set(sampleTicker(i)),
    isThere: async ({ tickers }: IRealtimeCache) => (await tickers.get(SYMBOL)) !== undefined,
  },
  {
    part: 'orderBooks',
    lifeMs: orderBookMs,
    store: ({ orderBooks }: IRealtimeCache, i: number) => orderBooks.set(sampleBook(i)),
    isThere: async ({ orderBooks }: IRealtimeCache) => (await orderBooks.get(SYMBOL)) !== undefined,
  },
  {
    part: 'trades',
    lifeMs: tradesMs,
    store: ({ trades }: IRealtimeCache, i: number) => trades.append(SYMBOL, [sampleTrade(i)]),
    isThere: async ({ trades }: IRealtimeCache) => (await trades.recent(SYMBOL)).length > 0,
  },
] as const;

/** By how much the wall clock is set: before a value is stored, and in the midst of its life. */
const CLOCKS: Readonly<Record<string, readonly [before: number, within: number]>> = {
  edge: [0, 0],
  'set-back-a-little': [0, -1_000],
  'set-back': [0, -9 * HOUR],
  'set-ahead-and-right': [9 * HOUR, -9 * HOUR],
};

export const expiryScenarios: readonly RealtimeScenario[] = [
  ...Object.entries(CLOCKS).flatMap(([name, [before, within]]) =>
    KINDS.map(({ part, lifeMs, store, isThere }) =>
      scenario(
        `expiry/${part}-${name}`,
        `${part} live for ${lifeMs} ms from when they were stored, to the step, whatever the clock is set to`,
        async (realtime, context) => {
          const { clock } = context;
          await context.advance(OFFSET);
          clock.setWallTime(clock.now() + before);
          // Long past by its own timestamp.
          await store(realtime, 9);
          await context.advance(lifeMs / 2);
          clock.setWallTime(clock.now() + within);
          assertTrue(await isThere(realtime), `${part}: it is there in the midst of its life`);
          await context.advance(lifeMs / 2 - context.timeStepMs);
          assertTrue(await isThere(realtime), `${part}: it is there just before its time`);
          await context.advance(context.timeStepMs);
          assertTrue(!(await isThere(realtime)), `${part}: it is gone when its time has come`);
          assertEqual(await realtime[part].delete(SYMBOL), false, `${part}: a delete of it`);
          await store(realtime, 1);
          assertTrue(await isThere(realtime), `${part}: an older one that is stored then`);
        },
      ),
    ),
  ),
  scenario(
    'expiry/sweeps',
    'what has expired leaves memory without being read, though the clock was set back',
    async (realtime, context) => {
      for (let i = 0; i < 50; i += 1) {
        await realtime.tickers.set(sampleTicker(0, `S${i}`));
        await realtime.orderBooks.set(sampleBook(0, `S${i}`, 30));
        await realtime.trades.append(`S${i}`, sampleTrades(0, 20));
      }
      const { bytes: full } = await realtime.stats();
      for (let i = 0; i < 3; i += 1) {
        context.clock.setWallTime(context.clock.now() - HOUR);
        await context.advance(LONG / 3);
      }
      const { tickers, orderBooks, trades, bytes } = await realtime.stats();
      const left = { tickers, orderBooks, trades };
      assertEqual(left, { tickers: 0, orderBooks: 0, trades: 0 }, 'what is left');
      assertTrue(bytes * 4 < full, `${bytes} bytes are less than a quarter of ${full}`);
    },
  ),
  scenario(
    'expiry/renewed',
    'the same ticker or book once more begins a new life; stale ones and duplicates do not',
    async (realtime, context) => {
      const { tickers, orderBooks, trades } = realtime;
      const half = orderBookMs / 2;
      await orderBooks.set(sampleBook(5));
      await context.advance(half);
      assertEqual(await orderBooks.set(sampleBook(5)), 'stored', 'the same book');
      await context.advance(half);
      assertEqual(await orderBooks.set(sampleBook(4)), 'stale', 'an older book');
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(5), 'the book in its second life');
      await context.advance(half);
      assertEqual(await orderBooks.get(SYMBOL), undefined, 'the book after it');
      await tickers.set(sampleTicker(5));
      await context.advance(tickerMs / 2);
      assertEqual(await tickers.set(sampleTicker(5)), 'stored', 'the same ticker');
      await context.advance(tickerMs / 2);
      assertEqual(await tickers.get(SYMBOL), sampleTicker(5), 'the ticker in its second life');
      await trades.append(SYMBOL, [sampleTrade(0)]);
      await context.advance(tradesMs / 2);
      await trades.append(SYMBOL, [sampleTrade(0)]);
      await context.advance(tradesMs / 2);
      assertEqual(await trades.recent(SYMBOL), [], 'trades after the life of the first');
    },
  ),
  scenario(
    'expiry/unseen',
    'trades that expired unseen are a gap, seen ones are none',
    async ({ trades }, context) => {
      const { cursor } = await trades.replay(SYMBOL);
      await trades.append(SYMBOL, sampleTrades(0, 4));
      const { cursor: later } = await trades.replay(SYMBOL, { after: cursor });
      await context.advance(tradesMs);
      await trades.append(SYMBOL, sampleTrades(4, 6));
      for (const [after, isGap] of [
        [cursor, true],
        [later, false],
      ] as const) {
        const replay = await trades.replay(SYMBOL, { after });
        assertEqual(replay.gap, isGap, `whether there is a gap${isGap ? '' : ' when it was seen'}`);
        assertEqual(replay.trades, sampleTrades(4, 6), 'the replay');
      }
    },
  ),
];
