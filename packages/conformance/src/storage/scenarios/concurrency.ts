import { nextTurn, type SeriesKey } from '@barkeep/core';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { KEY, minute, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

export const concurrencyScenarios: readonly StorageScenario[] = [
  scenario(
    'concurrency/writes-to-one-series',
    'writes at the same time all arrive',
    async (storage) => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          storage.candles.write({ key: KEY, candles: sampleMinutes(i * 25, i * 25 + 25) }),
        ),
      );
      const inserted = results.reduce((sum, result) => sum + result.inserted, 0);
      assertEqual(inserted, 1_000, 'how many were inserted in all');
      await assertSeries(storage, KEY, sampleMinutes(0, 1_000), 'after all writes');
    },
  ),
  scenario(
    'concurrency/writes-to-many-series',
    'writes to different series do not mix',
    async (storage) => {
      const keys = Array.from({ length: 30 }, (_, i): SeriesKey => ({ ...KEY, symbol: `S${i}` }));
      await Promise.all(
        keys.map((key, i) => storage.candles.write({ key, candles: sampleMinutes(0, 50, i) })),
      );
      for (const [i, key] of keys.entries()) {
        await assertSeries(storage, key, sampleMinutes(0, 50, i), key.symbol);
      }
    },
  ),
  scenario(
    'concurrency/same-candles',
    'of writes to the same candles one is whole and last',
    async (storage) => {
      await Promise.all(
        [1, 2, 3, 4, 5].map((version) =>
          storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3_000, version) }),
        ),
      );
      const candles = (await storage.candles.read({ ...KEY })).toArray();
      const versions = [1, 2, 3, 4, 5].map((version) => sampleMinutes(0, 3_000, version));
      const [first] = candles;
      const winner = versions.find((version) => version[0]?.open === first?.open);
      assertEqual(candles, winner, 'the candles of one write');
    },
  ),
  scenario(
    'concurrency/reads-see-whole-writes',
    'a read under way sees a write whole or not at all',
    async (storage) => {
      const batch = (version: number) => [
        { key: KEY, candles: sampleMinutes(0, 2_000, version) },
        { key: { ...KEY, symbol: 'second' }, candles: sampleMinutes(0, 10, version) },
      ];
      await storage.candles.write(batch(0));
      const versions = new Map(
        Array.from({ length: 11 }, (_, version) => {
          const candles = sampleMinutes(0, 2_000, version);
          return [candles[0]?.open, candles] as const;
        }),
      );
      let isWriting = true;
      const write = async (): Promise<void> => {
        for (let version = 1; version <= 10; version += 1) {
          await storage.candles.write(batch(version));
        }
      };
      const read = async (): Promise<void> => {
        for (let i = 0; isWriting; i += 1) {
          // What goes on in this thread only must come to its turn, too.
          await nextTurn();
          const series = await storage.candles.read({ ...KEY });
          assertEqual(series.toArray(), versions.get(series.open[0]), `read ${i} sees one version`);
        }
      };
      const writing = write().finally(() => {
        isWriting = false;
      });
      await Promise.all([writing, read()]);
      await assertSeries(storage, KEY, sampleMinutes(0, 2_000, 10), 'after the last write');
    },
  ),
  scenario(
    'concurrency/read-your-write',
    'a read sees every write that resolved before it',
    async (storage) => {
      for (let i = 0; i < 30; i += 1) {
        await storage.candles.write({ key: KEY, candles: sampleMinutes(i, i + 1) });
        const [latest, listed] = await Promise.all([
          storage.candles.read({ ...KEY, limit: 1 }),
          storage.candles.list({ ...KEY }),
        ]);
        assertEqual(latest.lastTimestamp, minute(i), 'the latest candle');
        assertEqual(listed[0]?.count, i + 1, 'the listed count');
      }
    },
  ),
  scenario(
    'concurrency/write-and-remove',
    'a removal meets a write before or after it, never half',
    async (storage) => {
      for (let round = 0; round < 5; round += 1) {
        const [, removed] = await Promise.all([
          storage.candles.write({
            key: KEY,
            candles: sampleMinutes(0, 2_000),
            covers: { from: minute(0), to: minute(2_000) },
          }),
          storage.candles.remove(KEY),
        ]);
        assertTrue(removed === 0 || removed === 2_000, `removed all or nothing, not ${removed}`);
        if (removed === 2_000) await assertNothingStored(storage, KEY, 'after write, then removal');
        else await assertSeries(storage, KEY, sampleMinutes(0, 2_000), 'after removal, then write');
        await storage.candles.remove(KEY);
      }
    },
  ),
  scenario(
    'concurrency/coverage',
    'coverage recorded at the same time all arrives',
    async (storage) => {
      await Promise.all([
        ...Array.from({ length: 30 }, (_, i) =>
          storage.coverage.add(
            KEY,
            { from: minute(i * 2), to: minute(i * 2 + 1) },
            { source: 'a' },
          ),
        ),
        ...Array.from({ length: 30 }, (_, i) =>
          storage.candles.write({
            key: KEY,
            candles: [],
            covers: { from: minute(i * 2 + 1), to: minute(i * 2 + 2) },
          }),
        ),
      ]);
      const range = { from: minute(0), to: minute(60) };
      assertEqual(await storage.coverage.missing(KEY, range), [], 'what is missing');
    },
  ),
  scenario(
    'concurrency/metadata',
    'documents stored at the same time all arrive',
    async ({ metadata }) => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => metadata.set(`note-${i}`, i)));
      const values = await Promise.all(
        Array.from({ length: 50 }, (_, i) => metadata.get(`note-${i}`)),
      );
      assertEqual(
        values,
        Array.from({ length: 50 }, (_, i) => i),
        'the documents',
      );
    },
  ),
];
