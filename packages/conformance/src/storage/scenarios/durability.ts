import { type Durability, EVER } from '@barkeep/storage';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { needs } from '../../conformance-suite.ts';
import type { OtherProcess } from '../../other-process.ts';
import { KEY, minute, minutes, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import {
  bareScenario,
  lasting,
  outliving,
  type StorageScenario,
  scenario,
  whereDeclared,
} from '../storage-scenario.ts';
import { assertSeries, assertSound } from '../stored-state.ts';

const SURVIVES_PROCESS: readonly Durability[] = ['process-crash', 'power-loss'];
const ROUNDS = 2;
/** Candles of a batch; and how many batches are under way at a time. */
const SIZE = 40;
const AHEAD = 4;

export const durabilityScenarios: readonly StorageScenario[] = [
  scenario(
    'durability/close',
    'what is under way when it is closed is there after it',
    async (storage, context) => {
      const covers = minutes(0, 5_000);
      const write = storage.candles.write({ key: KEY, candles: sampleMinutes(0, 5_000), covers });
      const note = storage.metadata.set('note', { n: 0.1, text: '비트코인' });
      const again = await context.reopen(storage);
      await Promise.all([write, note]);
      await assertSeries(again, KEY, sampleMinutes(0, 5_000), 'after reopening');
      assertEqual(await again.coverage.missing(KEY, covers), [], 'what is not covered');
      assertEqual(await again.metadata.get('note'), { n: 0.1, text: '비트코인' }, 'a document');
    },
    lasting,
  ),
  bareScenario(
    'durability/flush',
    'what was flushed is there after the process was killed',
    async (context) => {
      const elsewhere = await context.startProcess();
      await writeAll(elsewhere);
      await elsewhere.call('flush');
      const storage = await context.reopen(elsewhere);
      await assertSeries(storage, KEY, sampleMinutes(5, 100), 'after the kill');
      assertEqual(await storage.metadata.keys(), ['note'], 'the documents after it');
    },
    {
      requires: (capabilities, harness) =>
        outliving.requires?.(capabilities, harness) ??
        (capabilities.durability === 'snapshot' ? undefined : 'each write must survive that'),
    },
  ),
  bareScenario(
    'durability/kill',
    'what has resolved is there after the process was killed at once, and nothing by half',
    async (context) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const elsewhere = await context.startProcess();
        await writeAll(elsewhere);
        const resolved = await writeUntilKilled(elsewhere, 3 + round * 12);
        const storage = await context.reopen(elsewhere);
        await assertSeries(storage, KEY, sampleMinutes(5, 100), 'what was written first');
        assertEqual(
          await storage.coverage.missing(KEY, minutes(5, 100)),
          [],
          'what is not covered',
        );
        assertEqual(await storage.metadata.get('note'), { n: 1 }, 'a document');
        const [one, other] = await storage.candles.readMany([
          OTHER_KEY,
          { ...KEY, timeframe: '5m' },
        ]);
        const count = one?.length ?? 0;
        assertTrue(count % SIZE === 0, `a write is there whole or not at all: ${count} candles`);
        assertTrue(count >= resolved * SIZE, `${count} candles are there of ${resolved} writes`);
        assertEqual(one?.toArray(), sampleMinutes(0, count), 'the candles of the last writes');
        assertEqual(other?.length, count / SIZE, 'the candles of their other series');
        const covered = (await storage.coverage.of(OTHER_KEY)).map(({ from, to }) => ({
          from,
          to,
        }));
        assertEqual(covered, count === 0 ? [] : [minutes(0, count)], 'their coverage');
        await assertSound(storage, 'after the kill');
        await storage.close();
      }
    },
    {
      ...whereDeclared(
        ({ durability }) => SURVIVES_PROCESS.includes(durability),
        'its writes need not survive the process by declaration',
      ),
      timeoutMs: 120_000,
    },
  ),
  bareScenario(
    'durability/crash',
    'a write in whose midst the process ends is there whole or not at all, and the next one, too',
    async (context) => {
      for (const way of context.crashes) {
        const elsewhere = await context.startProcess();
        const write = (from: number, to: number): Promise<unknown> => {
          const batch = { key: KEY, candles: sampleMinutes(from, to), covers: minutes(from, to) };
          return elsewhere.call('candles.write', batch);
        };
        await write(0, 100);
        await elsewhere.call('flush');
        await elsewhere.crashAt(way, () => write(100, 3_000));
        const storage = await context.reopen(elsewhere);
        const { length } = await storage.candles.read(KEY);
        assertTrue(length === 100 || length === 3_000, `${way}: all or nothing, not ${length}`);
        await assertSeries(storage, KEY, sampleMinutes(0, length), `after ${way}`);
        const missing = await storage.coverage.missing(KEY, minutes(0, length));
        assertEqual(missing, [], `what is not covered after ${way}`);
        await storage.candles.write({ key: KEY, candles: sampleMinutes(length, length + 10) });
        const again = await context.reopen(storage);
        await assertSeries(again, KEY, sampleMinutes(0, length + 10), `after ${way} and a write`);
      }
    },
    {
      requires: (capabilities, harness) =>
        outliving.requires?.(capabilities, harness) ??
        needs('crashes').requires(capabilities, harness),
    },
  ),
];

/** Every kind of change. */
async function writeAll(elsewhere: OtherProcess): Promise<void> {
  const batch = { key: KEY, candles: sampleMinutes(0, 100, 1) };
  await elsewhere.call('candles.write', { ...batch, covers: minutes(0, 90) });
  await elsewhere.call('candles.write', { key: KEY, candles: sampleMinutes(0, 100) });
  await elsewhere.call('candles.remove', KEY, minutes(0, 5));
  await elsewhere.call('coverage.add', KEY, minutes(90, 100), { source: 'a' });
  await elsewhere.call('coverage.remove', KEY, { from: EVER.from, to: minute(5) });
  await elsewhere.call('metadata.set', 'gone', 1);
  await elsewhere.call('metadata.set', 'note', { n: 1 });
  await elsewhere.call('metadata.delete', 'gone');
}

/** How many writes have resolved when it is killed, in the midst of more. */
async function writeUntilKilled(elsewhere: OtherProcess, writes: number): Promise<number> {
  let resolved = 0;
  const batch = (i: number) => {
    const at = minute(i * 5);
    return [
      {
        key: OTHER_KEY,
        candles: sampleMinutes(i * SIZE, (i + 1) * SIZE),
        covers: minutes(i * SIZE, (i + 1) * SIZE),
      },
      {
        key: { ...KEY, timeframe: '5m' },
        candles: [{ timestamp: at, open: 1, high: 1, low: 1, close: 1, volume: i }],
      },
    ];
  };
  const write = async (i: number): Promise<void> => {
    await elsewhere.call('candles.write', batch(i));
    resolved += 1;
  };
  for (let i = 0; i < writes; i += 1) await write(i);
  const underWay = Array.from({ length: AHEAD }, (_, i) => write(writes + i));
  await elsewhere.kill();
  await Promise.allSettled(underWay);
  return resolved;
}
