import { assertEqual } from '../../assertions.ts';
import { KEY, minute, sampleMinutes } from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';

export const scanScenarios: readonly StorageScenario[] = [
  scenario('scan/chunks', 'a scan streams full chunks, the last one shorter', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 25) });
    const chunks = await collect(storage.candles.scan({ ...KEY, chunkSize: 10 }));
    assertEqual(
      chunks.map(({ length }) => length),
      [10, 10, 5],
      'the lengths of the chunks',
    );
    const candles = chunks.flatMap((chunk) => chunk.toArray());
    assertEqual(candles, sampleMinutes(0, 25), 'the candles of all chunks');
  }),
  scenario(
    'scan/exact-chunks',
    'candles that fill the last chunk are followed by no empty one',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 20) });
      const chunks = await collect(storage.candles.scan({ ...KEY, chunkSize: 10 }));
      assertEqual(
        chunks.map(({ length }) => length),
        [10, 10],
        'the lengths of the chunks',
      );
    },
  ),
  scenario('scan/range', 'a scan keeps to its half-open range', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 50) });
    const query = { ...KEY, from: minute(7), to: minute(31), chunkSize: 5 };
    const chunks = await collect(storage.candles.scan(query));
    assertEqual(
      chunks.flatMap((chunk) => chunk.toArray()),
      sampleMinutes(7, 31),
      'the candles',
    );
  }),
  scenario('scan/nothing', 'a scan over nothing yields nothing', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5) });
    const never = storage.candles.scan({ ...KEY, symbol: 'never' });
    assertEqual(await collect(never), [], 'an unknown series');
    const range = { from: minute(3), to: minute(3) };
    assertEqual(await collect(storage.candles.scan({ ...KEY, ...range })), [], 'an empty range');
  }),
  scenario('scan/default-chunk', 'chunks are bounded when no size is given', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 40_000) });
    const chunks = await collect(storage.candles.scan({ ...KEY }));
    assertEqual(
      chunks.map(({ length }) => length),
      [16_384, 16_384, 7_232],
      'the lengths',
    );
  }),
  scenario(
    'scan/sees-later-writes',
    'a scan sees what is written ahead of it, and holds no lock',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 20) });
      const seen: number[] = [];
      for await (const chunk of storage.candles.scan({ ...KEY, chunkSize: 10 })) {
        seen.push(...chunk.timestamp);
        if (chunk.firstTimestamp === minute(0)) {
          await storage.candles.write({ key: KEY, candles: sampleMinutes(-5, 0) });
          await storage.candles.write({ key: KEY, candles: sampleMinutes(20, 25) });
        }
      }
      assertEqual(
        seen,
        sampleMinutes(0, 25).map(({ timestamp }) => timestamp),
        'the timestamps',
      );
    },
  ),
  scenario('scan/left-early', 'a scan that is left early holds nothing', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 30) });
    for await (const chunk of storage.candles.scan({ ...KEY, chunkSize: 10 })) {
      assertEqual(chunk.length, 10, 'the first chunk');
      break;
    }
    assertEqual(await storage.candles.remove(KEY), 30, 'removing after a scan was left');
    await storage.close();
  }),
  scenario('scan/two-at-once', 'two scans go their own ways', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 30) });
    const [all, some] = await Promise.all([
      collect(storage.candles.scan({ ...KEY, chunkSize: 7 })),
      collect(storage.candles.scan({ ...KEY, from: minute(10), chunkSize: 4 })),
    ]);
    assertEqual(
      all.flatMap((chunk) => chunk.toArray()),
      sampleMinutes(0, 30),
      'the first scan',
    );
    assertEqual(
      some.flatMap((chunk) => chunk.toArray()),
      sampleMinutes(10, 30),
      'the second scan',
    );
  }),
];
