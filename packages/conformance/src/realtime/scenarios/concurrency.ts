import { assertEqual, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { SYMBOL, sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

const TIMES = [3, 9, 1, 7, 9, 0, 5];

export const concurrencyScenarios: readonly RealtimeScenario[] = [
  scenario(
    'concurrency/latest',
    'of tickers and books written at a time the newest stay',
    async ({ tickers, orderBooks }) => {
      await Promise.all(
        TIMES.flatMap((at) => [tickers.set(sampleTicker(at)), orderBooks.set(sampleBook(at))]),
      );
      assertEqual(await tickers.get(SYMBOL), sampleTicker(9), 'the ticker');
      assertEqual(await orderBooks.get(SYMBOL), sampleBook(9), 'the book');
    },
  ),
  scenario(
    'concurrency/trades',
    'of overlapping appends at a time each trade is added once, and readers see an append as a whole',
    async ({ trades }) => {
      const pages = [sampleTrades(0, 20), sampleTrades(10, 30), sampleTrades(0, 40)];
      const seen: Promise<number>[] = [];
      const appends = pages.map((page) => {
        const appending = trades.append(SYMBOL, page);
        seen.push(trades.recent(SYMBOL).then(({ length }) => length));
        return appending;
      });
      const results = await Promise.all(appends);
      const added = results.reduce((sum, one) => sum + one.added, 0);
      assertEqual(added, 40, 'how many were added');
      assertEqual(await trades.recent(SYMBOL), sampleTrades(0, 40), 'recent');
      const counts = await Promise.all(seen);
      const wholes = [0, 20, 30, 40];
      assertTrue(
        counts.every((count) => wholes.includes(count)),
        `reads meanwhile give ${wholes} trades, not ${counts}`,
      );
    },
  ),
];
