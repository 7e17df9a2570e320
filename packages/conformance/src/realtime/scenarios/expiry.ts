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

interface ExpiringKind {
  readonly name: 'tickers' | 'orderBooks' | 'trades';
  readonly lifeMs: number;
  /** Stores the value of a number: a higher one is newer. */
  readonly store: (realtime: IRealtimeCache, i: number) => Promise<unknown>;
  readonly isThere: (realtime: IRealtimeCache) => Promise<boolean>;
  readonly delete: (realtime: IRealtimeCache) => Promise<boolean>;
}

const KINDS: readonly ExpiringKind[] = [
  {
    name: 'tickers',
    lifeMs: tickerMs,
    store: ({ tickers }, i) => tickers.set(sampleTicker(i)),
    isThere: async ({ tickers }) => (await tickers.get(SYMBOL)) !== undefined,
    delete: ({ tickers }) => tickers.delete(SYMBOL),
  },
  {
    name: 'orderBooks',
    lifeMs: orderBookMs,
    store: ({ orderBooks }, i) => orderBooks.set(sampleBook(i)),
    isThere: async ({ orderBooks }) => (await orderBooks.get(SYMBOL)) !== undefined,
    delete: ({ orderBooks }) => orderBooks.delete(SYMBOL),
  },
  {
    name: 'trades',
    lifeMs: tradesMs,
    store: ({ trades }, i) => trades.append(SYMBOL, [sampleTrade(i)]),
    isThere: async ({ trades }) => (await trades.recent(SYMBOL)).length > 0,
    delete: ({ trades }) => trades.delete(SYMBOL),
  },
];

export const expiryScenarios: readonly RealtimeScenario[] = [
  ...KINDS.flatMap(({ name, lifeMs, store, isThere, ...kind }) => [
    scenario(
      `expiry/${name}-edge`,
      `${name} live for ${lifeMs} ms, to the step`,
      async (realtime, context) => {
        await context.advance(OFFSET);
        await store(realtime, 0);
        await context.advance(lifeMs - context.timeStepMs);
        assertTrue(await isThere(realtime), 'it is there just before its time');
        await context.advance(context.timeStepMs);
        assertTrue(!(await isThere(realtime)), 'it is gone when its time has come');
        assertEqual(await kind.delete(realtime), false, 'delete of an expired one');
      },
    ),
    scenario(
      `expiry/${name}-since-stored`,
      `the life of ${name} counts from when they were stored`,
      async (realtime, context) => {
        // The exchange's times are long past or far ahead, and neither matters.
        await store(realtime, -86_400);
        assertTrue(await isThere(realtime), 'an old value that has just come is there');
        await context.advance(lifeMs);
        await store(realtime, 86_400);
        await context.advance(lifeMs);
        assertTrue(!(await isThere(realtime)), 'a value from the future is gone after its life');
      },
    ),
    scenario(
      `expiry/${name}-reads`,
      `reading ${name} does not prolong their life`,
      async (realtime, context) => {
        await store(realtime, 0);
        for (let i = 0; i < 4; i += 1) {
          assertTrue(await isThere(realtime), `it is there at read ${i}`);
          await context.advance(lifeMs / 4);
        }
        assertTrue(!(await isThere(realtime)), 'it is gone when its time has come');
      },
    ),
    scenario(
      `expiry/${name}-sweep`,
      `expired ${name} leave memory without being read`,
      async (realtime, context) => {
        await store(realtime, 0);
        assertEqual((await realtime.stats())[name], 1, 'how many there are');
        await context.advance(LONG);
        const stats = await realtime.stats();
        assertEqual(stats[name], 0, 'how many there are after their time');
      },
    ),
  ]),
  ...KINDS.flatMap(({ name, lifeMs, store, isThere }) => [
    ...[1_000, 60_000, 9 * HOUR].map((byMs) =>
      scenario(
        `expiry/${name}-set-back-${byMs}`,
        `${name} live no longer when the clock is set back by ${byMs} ms, and no less`,
        async (realtime, context) => {
          await context.advance(OFFSET);
          await store(realtime, 0);
          await context.advance(lifeMs / 2);
          context.clock.setWallTime(context.clock.now() - byMs);
          await context.advance(lifeMs / 2 - context.timeStepMs);
          assertTrue(await isThere(realtime), 'it is there just before its time');
          await context.advance(context.timeStepMs);
          assertTrue(!(await isThere(realtime)), 'it is gone when its time has come');
        },
      ),
    ),
    scenario(
      `expiry/${name}-set-ahead-and-right`,
      `${name} that were stored while the clock was ahead are gone after their life`,
      async (realtime, context) => {
        await context.advance(OFFSET);
        context.clock.setWallTime(context.clock.now() + 9 * HOUR);
        await store(realtime, 1);
        assertTrue(await isThere(realtime), 'it is there');
        context.clock.setWallTime(context.clock.now() - 9 * HOUR);
        assertTrue(await isThere(realtime), 'it is there when the clock has been set right');
        await context.advance(lifeMs - context.timeStepMs);
        assertTrue(await isThere(realtime), 'it is there just before its time');
        await context.advance(context.timeStepMs);
        assertTrue(!(await isThere(realtime)), 'it is gone when its time has come');
        await store(realtime, 0);
        assertTrue(await isThere(realtime), 'an older one that is stored then');
      },
    ),
    scenario(
      `expiry/${name}-set-back-sweep`,
      `expired ${name} leave memory though the clock was set back`,
      async (realtime, context) => {
        await store(realtime, 0);
        for (let i = 0; i < 3; i += 1) {
          context.clock.setWallTime(context.clock.now() - HOUR);
          await context.advance(LONG / 3);
        }
        await realtime.sweep();
        assertEqual((await realtime.stats())[name], 0, 'how many there are after their time');
      },
    ),
  ]),
  ...(['tickers', 'orderBooks'] as const).map((name) =>
    scenario(
      `expiry/${name}-renewed`,
      `a new one of ${name} starts a new life, a stale one does not`,
      async (realtime, context) => {
        const lifeMs = name === 'tickers' ? tickerMs : orderBookMs;
        const set = (at: number): Promise<string> =>
          name === 'tickers'
            ? realtime.tickers.set(sampleTicker(at))
            : realtime.orderBooks.set(sampleBook(at));
        const isThere = async (): Promise<boolean> =>
          (await realtime[name].get(SYMBOL)) !== undefined;
        await set(1);
        await context.advance(lifeMs / 2);
        await set(2);
        await context.advance(lifeMs / 2);
        assertTrue(await isThere(), 'the second one is there after the life of the first');
        assertEqual(await set(1), 'stale', 'an older one');
        await context.advance(lifeMs / 2);
        assertTrue(!(await isThere()), 'the stale one has not prolonged it');
      },
    ),
  ),
  ...(['tickers', 'orderBooks'] as const).map((name) =>
    scenario(
      `expiry/${name}-no-obstacle`,
      `an expired one of ${name} is no obstacle to an older one`,
      async (realtime, context) => {
        const set = (at: number): Promise<string> =>
          name === 'tickers'
            ? realtime.tickers.set(sampleTicker(at))
            : realtime.orderBooks.set(sampleBook(at));
        await context.advance(OFFSET);
        await set(9);
        await context.advance(name === 'tickers' ? tickerMs : orderBookMs);
        assertEqual(await set(1), 'stored', 'an older one after its time');
        const expected = name === 'tickers' ? sampleTicker(1) : sampleBook(1);
        assertEqual(await realtime[name].get(SYMBOL), expected, 'get');
      },
    ),
  ),
  ...(['tickers', 'orderBooks'] as const).flatMap((name) => {
    const set = (realtime: IRealtimeCache, at: number): Promise<string> =>
      name === 'tickers'
        ? realtime.tickers.set(sampleTicker(at))
        : realtime.orderBooks.set(sampleBook(at));
    const lifeMs = name === 'tickers' ? tickerMs : orderBookMs;
    const sample = name === 'tickers' ? sampleTicker : sampleBook;
    return [
      scenario(
        `expiry/${name}-set-back-no-obstacle`,
        `an expired one of ${name} is no obstacle, though the clock was set back`,
        async (realtime, context) => {
          await context.advance(OFFSET);
          await set(realtime, 9);
          context.clock.setWallTime(context.clock.now() - HOUR);
          await context.advance(lifeMs);
          assertEqual(await set(realtime, 1), 'stored', 'an older one after its time');
          assertEqual(await realtime[name].get(SYMBOL), sample(1), 'get');
        },
      ),
      scenario(
        `expiry/${name}-far-ahead-gives-way`,
        `one of ${name} stamped far ahead of the clock keeps out only what is too`,
        async (realtime, { clock }) => {
          const ahead = Math.max(clock.now(), Date.now()) + 9 * HOUR - sample(0).timestamp;
          assertEqual(await set(realtime, ahead), 'stored', 'one from the future');
          assertEqual(await set(realtime, ahead - 1), 'stale', 'an older one from the future');
          assertEqual(await set(realtime, 0), 'stored', 'one of today');
          assertEqual(await realtime[name].get(SYMBOL), sample(0), 'get');
          assertEqual(await set(realtime, -1), 'stale', 'an older one of today');
        },
      ),
    ];
  }),
  scenario('expiry/trades-each', 'each trade has a life of its own', async (realtime, context) => {
    await context.advance(OFFSET);
    await realtime.trades.append(SYMBOL, sampleTrades(0, 3));
    await context.advance(tradesMs / 2);
    await realtime.trades.append(SYMBOL, sampleTrades(3, 5));
    await context.advance(tradesMs / 2);
    assertEqual(
      await realtime.trades.recent(SYMBOL),
      sampleTrades(3, 5),
      'after the first have gone',
    );
    await context.advance(tradesMs / 2);
    assertEqual(await realtime.trades.recent(SYMBOL), [], 'after all have gone');
  }),
  scenario(
    'expiry/trades-again',
    'the id of an expired trade is free again',
    async (realtime, context) => {
      await context.advance(OFFSET);
      await realtime.trades.append(SYMBOL, [sampleTrade(0)]);
      await context.advance(tradesMs);
      const again = { ...sampleTrade(0), price: 7 };
      assertEqual(
        await realtime.trades.append(SYMBOL, [again]),
        { added: 1, duplicates: 0 },
        'the second append',
      );
      assertEqual(await realtime.trades.recent(SYMBOL), [again], 'recent');
    },
  ),
  scenario(
    'expiry/duplicates',
    'a duplicate does not prolong the life of a trade',
    async (realtime, context) => {
      await context.advance(OFFSET);
      await realtime.trades.append(SYMBOL, [sampleTrade(0)]);
      await context.advance(tradesMs / 2);
      await realtime.trades.append(SYMBOL, [sampleTrade(0)]);
      await context.advance(tradesMs / 2);
      assertEqual(await realtime.trades.recent(SYMBOL), [], 'after the life of the first');
    },
  ),
  scenario('expiry/memory', 'memory is given back after expiry', async (realtime, context) => {
    for (let i = 0; i < 50; i += 1) {
      await realtime.tickers.set(sampleTicker(0, `S${i}`));
      await realtime.orderBooks.set(sampleBook(0, `S${i}`, 30));
      await realtime.trades.append(`S${i}`, sampleTrades(0, 20));
    }
    const { bytes: full } = await realtime.stats();
    await context.advance(LONG);
    const { bytes: empty } = await realtime.stats();
    assertTrue(empty * 4 < full, `${empty} bytes are less than a quarter of ${full}`);
  }),
];
