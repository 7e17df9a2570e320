import { assertEqual, assertRejects } from '../../assertions.ts';
import { KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';

export const scanScenarios: readonly StorageScenario[] = [
  scenario(
    'scan/meanwhile',
    'a scan sees what is written ahead of it, and holds no lock',
    async ({ candles }) => {
      await candles.write({ key: KEY, candles: sampleMinutes(0, 20) });
      const seen: number[] = [];
      for await (const chunk of candles.scan({ ...KEY, chunkSize: 10 })) {
        seen.push(...chunk.timestamp);
        if (seen.length > 10) continue;
        await candles.write({ key: KEY, candles: sampleMinutes(-5, 0) });
        await candles.write({ key: KEY, candles: sampleMinutes(20, 25) });
      }
      const expected = sampleMinutes(0, 25).map(({ timestamp }) => timestamp);
      assertEqual(seen, expected, 'the timestamps');
    },
  ),
  scenario('scan/left-early', 'a scan that is left early holds nothing', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 30) });
    for await (const chunk of storage.candles.scan({ ...KEY, chunkSize: 10 })) {
      assertEqual(chunk.length, 10, 'the first chunk');
      break;
    }
    assertEqual(await storage.candles.remove(KEY), 30, 'how many are removed after it');
    await storage.close();
  }),
  scenario('scan/given-up', 'a scan stops where it is given up', async ({ candles }) => {
    await candles.write({ key: KEY, candles: sampleMinutes(0, 30) });
    const controller = new AbortController();
    const seen: number[] = [];
    const scanning = async (): Promise<void> => {
      const { signal } = controller;
      for await (const chunk of candles.scan({ ...KEY, chunkSize: 10 }, { signal })) {
        seen.push(chunk.length);
        controller.abort(new Error('enough'));
      }
    };
    await assertRejects(scanning, 'ABORTED', 'the next chunk of the scan');
    assertEqual(seen, [10], 'the chunks before it was given up');
  }),
];
