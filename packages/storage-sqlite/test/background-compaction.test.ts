import type { ChangeEvent } from '@barkeep/storage';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { minutes, openStorage, temporaryPath } from './temporary-database.ts';

const ARCHIVE = { segmentCandles: 100, bulkCandles: 50, keepRows: 1 } as const;
const keyOf = (symbol: string) => ({ symbol, timeframe: '1m' }) as const;

it('reports a series that cannot be compacted, and goes on with the others', async () => {
  const path = temporaryPath();
  const filled = await openStorage(path, { archive: ARCHIVE });
  const symbols = ['A', 'DAMAGED', 'Z'];
  await filled.candles.write(
    symbols.map((symbol) => ({ key: keyOf(symbol), candles: minutes(0, 1_000) })),
  );
  await filled.close();
  const database = new Database(path);
  database
    .prepare(
      `UPDATE segments SET data = zeroblob(length(data))
       WHERE series_id = (SELECT id FROM series WHERE symbol = 'DAMAGED')`,
    )
    .run();
  database.close();

  // It turns all segments into rows by itself.
  const storage = await openStorage(path, { archive: 'off' });
  const events: ChangeEvent[] = [];
  storage.changes.subscribe((event) => events.push(event));
  await storage.candles.write(symbols.map((symbol) => ({ key: keyOf(symbol), candles: [] })));
  await vi.waitFor(async () => {
    const { background } = await storage.stats();
    expect(background.failures).toBeGreaterThan(0);
    expect(background.lastFailure).toMatchObject({
      work: 'compaction',
      error: { code: 'CORRUPT' },
    });
    for (const symbol of ['A', 'Z']) {
      const left = await storage.maintenance?.explain(keyOf(symbol));
      expect(left).toMatchObject({ segmentsBefore: 0, rowsBefore: 1_000 });
    }
  });
});
