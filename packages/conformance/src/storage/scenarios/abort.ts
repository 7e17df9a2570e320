import { BarkeepError } from '@barkeep/core';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../../assertions.ts';
import { KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertSeries } from '../stored-state.ts';

export const abortScenarios: readonly StorageScenario[] = [
  scenario(
    'abort/write-under-way',
    'a write that is given up under way is stored whole or not at all',
    async (storage) => {
      const controller = new AbortController();
      const writing = storage.candles.write(
        { key: KEY, candles: sampleMinutes(0, 20_000) },
        { signal: controller.signal },
      );
      controller.abort(new Error('enough'));
      const error = await rejectionOf(() => writing, 'the write');
      assertTrue(BarkeepError.is(error, 'ABORTED'), 'the write rejects with ABORTED');
      // Writes follow one another, so after this one the abandoned one is decided.
      await storage.candles.write({
        key: { ...KEY, symbol: 'next' },
        candles: sampleMinutes(0, 1),
      });
      const { length } = await storage.candles.read({ ...KEY });
      assertTrue(
        length === 0 || length === 20_000,
        `all or nothing is stored, not ${length} candles`,
      );
    },
  ),
  scenario('abort/scan-under-way', 'a scan stops where it is given up', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 30) });
    const controller = new AbortController();
    const seen: number[] = [];
    const scanning = async (): Promise<void> => {
      const { signal } = controller;
      for await (const chunk of storage.candles.scan({ ...KEY, chunkSize: 10 }, { signal })) {
        seen.push(chunk.length);
        controller.abort(new Error('enough'));
      }
    };
    await assertRejects(scanning, 'ABORTED', 'the next chunk of the scan');
    assertEqual(seen, [10], 'the chunks before it was given up');
  }),
  scenario('abort/later-calls', 'a storage works on after a call was given up', async (storage) => {
    const controller = new AbortController();
    const reading = storage.candles.read({ ...KEY }, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await Promise.allSettled([reading]);
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3) });
    await assertSeries(storage, KEY, sampleMinutes(0, 3), 'after an aborted read');
  }),
];
