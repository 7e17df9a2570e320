import type { IRealtimeCache, RealtimeWriteResult } from '@barkeep/realtime';
import { assertEqual } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { HOSTILE_SYMBOLS, OTHER, SYMBOL, sampleBook, sampleTicker } from '../sample-market.ts';

/** What tickers and order books have in common: of each symbol the latest value. */
interface LatestKind {
  readonly kind: 'tickers' | 'orderBooks';
  /** A value that tells when it was made. */
  readonly make: (at?: number, symbol?: string) => unknown;
  readonly set: (
    realtime: IRealtimeCache,
    at?: number,
    symbol?: string,
  ) => Promise<RealtimeWriteResult>;
}

const KINDS: readonly LatestKind[] = [
  {
    kind: 'tickers',
    make: sampleTicker,
    set: ({ tickers }, at, symbol) => tickers.set(sampleTicker(at, symbol)),
  },
  {
    kind: 'orderBooks',
    make: sampleBook,
    set: ({ orderBooks }, at, symbol) => orderBooks.set(sampleBook(at, symbol)),
  },
];

export const latestScenarios: readonly RealtimeScenario[] = KINDS.flatMap(({ kind, make, set }) => [
  scenario(`${kind}/miss`, 'what was never stored is undefined', async (realtime) => {
    assertEqual(await realtime[kind].get(SYMBOL), undefined, 'get');
    assertEqual(await realtime[kind].getMany([SYMBOL, OTHER]), [undefined, undefined], 'getMany');
    assertEqual(await realtime[kind].getMany([]), [], 'getMany of none');
  }),
  scenario(`${kind}/newer-wins`, 'a newer value replaces the one before it', async (realtime) => {
    assertEqual(await set(realtime, 0), 'stored', 'the first');
    assertEqual(await set(realtime, 1), 'stored', 'a newer one');
    assertEqual(await realtime[kind].get(SYMBOL), make(1), 'get');
  }),
  scenario(
    `${kind}/older-is-stale`,
    'an older value is stale and changes nothing',
    async (realtime) => {
      await set(realtime, 5);
      assertEqual(await set(realtime, 4), 'stale', 'an older one');
      assertEqual(await set(realtime, 0), 'stale', 'a much older one');
      assertEqual(await realtime[kind].get(SYMBOL), make(5), 'get');
      const { stored, stale } = await realtime.stats();
      assertEqual({ stored, stale }, { stored: 1, stale: 2 }, 'the counts');
    },
  ),
  scenario(
    `${kind}/equal-is-stored`,
    'of equal timestamps the later write counts',
    async (realtime) => {
      await realtime.tickers.set({ ...sampleTicker(), price: 1 });
      await realtime.orderBooks.set({ ...sampleBook(), bids: [] });
      assertEqual(await set(realtime, 0), 'stored', 'the second write');
      assertEqual(await realtime[kind].get(SYMBOL), make(0), 'get');
    },
  ),
  scenario(
    `${kind}/own-symbol`,
    'each symbol has a value and a time of its own',
    async (realtime) => {
      await set(realtime, 5, SYMBOL);
      assertEqual(await set(realtime, 1, OTHER), 'stored', 'an older one of another symbol');
      assertEqual(
        await realtime[kind].getMany([OTHER, SYMBOL]),
        [make(1, OTHER), make(5, SYMBOL)],
        'getMany',
      );
    },
  ),
  scenario(
    `${kind}/get-many-order`,
    'getMany answers in order, repeated symbols again',
    async (realtime) => {
      for (const [i, symbol] of ['A', 'B', 'C'].entries()) await set(realtime, i, symbol);
      assertEqual(
        await realtime[kind].getMany(['C', 'X', 'A', 'C']),
        [make(2, 'C'), undefined, make(0, 'A'), make(2, 'C')],
        'getMany',
      );
    },
  ),
  scenario(`${kind}/hostile-symbols`, 'a symbol is an opaque name', async (realtime) => {
    assertEqual(
      await realtime[kind].getMany(HOSTILE_SYMBOLS),
      HOSTILE_SYMBOLS.map(() => undefined),
      'before',
    );
    for (const [i, symbol] of HOSTILE_SYMBOLS.entries()) await set(realtime, i, symbol);
    assertEqual(
      await realtime[kind].getMany(HOSTILE_SYMBOLS),
      HOSTILE_SYMBOLS.map((symbol, i) => make(i, symbol)),
      'getMany',
    );
    for (const symbol of HOSTILE_SYMBOLS) {
      assertEqual(await realtime[kind].delete(symbol), true, `delete ${symbol.slice(0, 20)}`);
    }
    assertEqual((await realtime.stats())[kind], 0, 'how many are left');
  }),
  scenario(
    `${kind}/delete`,
    'delete says whether a live one was there, and starts afresh',
    async (realtime) => {
      await set(realtime, 5);
      await set(realtime, 5, OTHER);
      assertEqual(await realtime[kind].delete(SYMBOL), true, 'the first delete');
      assertEqual(await realtime[kind].delete(SYMBOL), false, 'the second delete');
      assertEqual(await realtime[kind].get(SYMBOL), undefined, 'get');
      assertEqual(await realtime[kind].get(OTHER), make(5, OTHER), 'the other symbol');
      assertEqual(await set(realtime, 1), 'stored', 'an older value after the delete');
    },
  ),
  scenario(`${kind}/other-kinds`, 'deleting one kind leaves the others', async (realtime) => {
    await realtime.tickers.set(sampleTicker());
    await realtime.orderBooks.set(sampleBook());
    await realtime[kind].delete(SYMBOL);
    const left = [await realtime.tickers.get(SYMBOL), await realtime.orderBooks.get(SYMBOL)];
    assertEqual(left.filter((one) => one !== undefined).length, 1, 'how many are left');
  }),
  scenario(`${kind}/counts`, 'hits and misses are counted', async (realtime) => {
    await set(realtime);
    await realtime[kind].get(SYMBOL);
    await realtime[kind].get(OTHER);
    await realtime[kind].getMany([SYMBOL, OTHER, SYMBOL]);
    const stats = await realtime.stats();
    assertEqual({ hits: stats.hits, misses: stats.misses }, { hits: 3, misses: 2 }, 'the counts');
    assertEqual(stats[kind], 1, 'how many are stored');
  }),
  scenario(`${kind}/at-a-time`, 'of writes at a time the newest stays', async (realtime) => {
    const times = [3, 9, 1, 7, 9, 0, 5];
    await Promise.all(times.map((at) => set(realtime, at)));
    assertEqual(await realtime[kind].get(SYMBOL), make(9), 'get');
  }),
]);
