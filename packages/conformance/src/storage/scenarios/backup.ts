import { BarkeepError, nextTurn } from '@barkeep/core';
import type { BackupMedium, BackupOptions, RestoreOptions } from '@barkeep/storage';
import {
  assertDefined,
  assertEqual,
  assertRejects,
  assertTrue,
  rejectionOf,
} from '../../assertions.ts';
import { assertCollectedNow } from '../assert-collected-now.ts';
import {
  COVERED_KEY,
  KEY,
  minutes,
  OTHER_KEY,
  sampleMinutes,
  storeMuch,
} from '../sample-candles.ts';
import { StorageBackups } from '../storage-backups.ts';
import { partScenario, type StorageScenario } from '../storage-scenario.ts';
import { answersOf, assertSeries, listen } from '../stored-state.ts';

/** The model restores backups in the midst of other commands; these are about the rest. */
export const backupScenarios: readonly StorageScenario[] = [
  declared('report', 'a report tells what is in the backup', async (backups) => {
    const { storage, context, backup } = backups;
    const nothing = await backups.make('nothing');
    assertEqual([nothing.report.series, nothing.report.candles], [[], 0], 'a backup of nothing');
    await storeMuch(storage);
    const startedAt = Date.now();
    const seen: number[] = [];
    const { source, report } = await backups.make('one', {
      onProgress: ({ phase, fraction }) => {
        assertTrue(fraction >= 0 && fraction <= 1, `a fraction is one: ${fraction}`);
        seen.push(['copying', 'verifying'].indexOf(phase) + fraction);
      },
    });
    assertEqual([seen[0], seen], [0, seen.toSorted((a, b) => a - b)], 'progress from nothing on');
    const { series, candles, createdAt, base, incremental, bytes, omitted } = report;
    const list = await storage.candles.list();
    assertEqual(
      series.map(({ checksum: _, ...figures }) => figures),
      [...list, { ...COVERED_KEY, count: 0, first: undefined, last: undefined }],
      'the series',
    );
    assertEqual(
      candles,
      list.reduce((sum, { count }) => sum + count, 0),
      'the candles',
    );
    assertEqual([base, incremental, omitted], [undefined, false, []], 'that it is a full backup');
    assertCollectedNow(createdAt, context.clock, startedAt, 'its time');
    assertTrue(bytes > 0, 'it has a size');
    if (report.content !== undefined) assertEqual(bytes, report.content.length, 'its size');
    const again = await backups.make('two');
    assertTrue(again.report.id !== report.id, 'each backup has an id of its own');
    assertEqual(again.report.series, series, 'the series of another backup of the same');
    const verified = await backup.verify(source);
    assertEqual([verified.ok, verified.problems], [true, []], 'what a verification finds');
    const described = { id: report.id, createdAt, base, series, candles };
    assertEqual([verified.backup, verified.bytes], [described, bytes], 'what it says of itself');
  }),
  declared('apart', 'a backup is what was stored, and does not change', async (backups) => {
    const { storage } = backups;
    await storeMuch(storage);
    const before = await answersOf(storage);
    const { source, report } = await backups.make('one');
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 50, 4) });
    await storage.candles.remove(OTHER_KEY);
    await storage.coverage.remove(KEY);
    await storage.metadata.set('note', 'another');
    const changed = await answersOf(storage);
    assertEqual((await backups.backup.verify(source)).ok, true, 'whether it is as it was made');
    const restored = await backups.restored(source);
    assertEqual(await answersOf(restored), before, 'the answers of what was restored');
    const again = await new StorageBackups(restored, backups.context).make('two');
    assertEqual(again.report.series, report.series, 'the checksums of a backup of that');
    await restored.candles.write({ key: KEY, candles: sampleMinutes(-5, 5, 3) });
    assertEqual(await answersOf(storage), changed, 'what was backed up, after it');
  }),
  declared(
    'one-state',
    'a backup is of one state, with all that came before it',
    async (backups) => {
      const { storage } = backups;
      const size = 40;
      const write = async (n: number): Promise<void> => {
        const [from, to] = [n * size, (n + 1) * size];
        const batch = { candles: sampleMinutes(from, to), covers: minutes(from, to) };
        await storage.candles.write([KEY, OTHER_KEY].map((key) => ({ key, ...batch })));
      };
      let written = 0;
      for (; written < 40; written += 1) await write(written);
      let isMade = false;
      const making = backups.make('one').finally(() => {
        isMade = true;
      });
      const atLeast = written;
      for (; !isMade; written += 1) {
        await write(written);
        await nextTurn();
      }
      const restored = await backups.restored((await making).source);
      const count = (await restored.candles.read(KEY)).length;
      assertTrue(count % size === 0, `a write is there whole or not at all: ${count} candles`);
      assertTrue(count >= atLeast * size, 'what was stored before it is in it');
      assertTrue(count <= written * size, 'nothing else is in it');
      for (const key of [KEY, OTHER_KEY]) {
        await assertSeries(restored, key, sampleMinutes(0, count), 'a series of one state');
        const [{ from, to } = {}, ...more] = await restored.coverage.of(key);
        assertEqual([{ from, to }, more], [minutes(0, count), []], 'the coverage of that state');
      }
    },
  ),
  declared(
    'given-up',
    'a backup leaves nothing whenever it is given up, or late',
    async (backups) => {
      await storeMuch(backups.storage);
      const reason = new Error('enough');
      const early = { ...backups.options('one'), signal: AbortSignal.abort(reason) };
      const refusal = await assertRejects(
        () => backups.backup.create(early),
        'ABORTED',
        'a backup',
      );
      assertTrue(refusal.cause === reason, 'the cause of its error is the reason');
      const onProgress = (): void => {
        backups.context.clock.advance(10);
        // For a storage that goes by the machine's clock.
        for (const start = performance.now(); performance.now() < start + 10; );
      };
      const late = () =>
        backups.backup.create({ ...backups.options('one'), deadlineMs: 10, onProgress });
      const error = await assertRejects(late, 'TIMEOUT', 'a late backup', { deadlineMs: 10 });
      assertEqual(error.retryable, true, 'whether it may be tried again');
      // Each finds what the one before it has left, until one is complete before it is given up.
      for (let step = 1; ; step += 1) {
        const controller = new AbortController();
        let seen = 0;
        const outcome = await backups
          .make('one', {
            signal: controller.signal,
            deadlineMs: 60_000,
            onProgress: () => {
              seen += 1;
              if (seen === step) controller.abort(reason);
            },
          })
          .catch((thrown: unknown) => BarkeepError.is(thrown, 'ABORTED') || thrown);
        if (outcome === true) continue;
        if (outcome instanceof Error) throw outcome;
        break;
      }
    },
  ),
  declared('invalid', 'bad options are refused', async (backups) => {
    const { backup } = backups;
    const options = backups.options('one');
    const refused: readonly [what: string, call: () => Promise<unknown>][] = [
      ['a deadline of 0', () => backup.create({ ...options, deadlineMs: 0 })],
      ['an unknown option', () => backup.create({ ...options, too: 1 } as BackupOptions)],
      ['nothing to restore', () => backup.restore({} as RestoreOptions)],
      ['nothing to verify', () => backup.verify(undefined as unknown as Uint8Array)],
    ];
    for (const [what, call] of refused) await assertRejects(call, 'INVALID_INPUT', what);
  }),
  declared('close-finishes', 'one under way when it is closed is made', async (backups) => {
    await storeMuch(backups.storage);
    const [{ source }] = await Promise.all([backups.make('one'), backups.storage.close()]);
    const next = assertDefined((await backups.context.open()).backup, 'storage.backup');
    assertEqual((await next.verify(source)).ok, true, 'whether it is sound');
  }),
  of('bytes', 'damaged', 'a damaged backup is found out, and not restored', async (backups) => {
    const { storage, backup } = backups;
    await storeMuch(storage);
    const { source } = await backups.make('one');
    if (typeof source === 'string') return;
    const before = await answersOf(storage);
    for (const [what, bytes] of damagesOf(source)) {
      const { ok, problems } = await backup.verify(bytes);
      // Where nothing that counts has changed, it may be sound.
      if (ok && what === 'flipped') continue;
      assertTrue(!ok && problems.length > 0, `a backup that is ${what} is found out`);
      const restore = () => backup.restore({ from: bytes, overwrite: true });
      await assertRejects(restore, 'CORRUPT', `a backup that is ${what}`);
      assertEqual(await answersOf(storage), before, 'what is stored after it');
    }
  }),
  of('bytes', 'overwrite', 'what is stored is replaced only on purpose', async (backups) => {
    const { storage, backup } = backups;
    const nothing = await backups.make('nothing');
    await storage.metadata.set('new', true);
    const restoreNothing = () => backup.restore({ from: nothing.source });
    await assertRejects(restoreNothing, 'INVALID_INPUT', 'over a document', { field: 'overwrite' });
    await storage.metadata.delete('new');
    await storeMuch(storage);
    const before = await answersOf(storage);
    const { source } = await backups.make('one');
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 50, 4) });
    await storage.candles.write({ key: { ...KEY, symbol: 'new' }, candles: sampleMinutes(0, 5) });
    const changed = await answersOf(storage);
    const restore = () => backup.restore({ from: source });
    await assertRejects(restore, 'INVALID_INPUT', 'without overwrite', { field: 'overwrite' });
    assertEqual(await answersOf(storage), changed, 'what is stored after that');
    const revisionsOf = async (): Promise<string[]> => {
      const ranges = [{}, minutes(0, 5)];
      const snapshots = await storage.candles.snapshots([{ ...KEY, ranges }, OTHER_KEY]);
      return snapshots.flatMap((one) => one.ranges.map(({ revision }) => revision));
    };
    const revisions = await revisionsOf();
    const events = listen(storage);
    const { path } = await backup.restore({ from: source, overwrite: true });
    assertEqual([path, events], [undefined, [{ type: 'lagged' }]], 'a path, and the events');
    assertEqual(await answersOf(storage), before, 'what is stored after a restoration');
    for (const [i, revision] of (await revisionsOf()).entries()) {
      assertTrue(revision !== revisions[i], 'each revision is another one');
    }
    if (storage.capabilities.durability === 'volatile') return;
    const next = await backups.context.reopen(storage);
    assertEqual(await answersOf(next), before, 'what is stored after reopening');
  }),
  of('file', 'in-use', 'a backup or database is replaced only on purpose', async (backups) => {
    const { storage, context, backup } = backups;
    await storeMuch(storage);
    const { source } = await backups.make('one');
    const first = await backup.verify(source);
    const again = () => backups.make('one');
    await assertRejects(again, 'INVALID_INPUT', 'a backup where there is one', { field: 'to' });
    assertEqual((await backup.verify(source)).backup, first.backup, 'the first one');
    const { report } = await backups.make('one', { overwrite: true });
    assertEqual((await backup.verify(source)).backup?.id, report.id, 'the second one');
    const to = context.pathBeside(storage, 'restored');
    await backup.restore({ from: source, to });
    const restored = await context.openAt(to, storage);
    const create = () => backup.create({ to, overwrite: true });
    await assertRejects(create, 'BUSY', 'a backup onto an open database');
    const replace = () => backup.restore({ from: source, to, overwrite: true });
    await assertRejects(replace, 'BUSY', 'a restoration onto it');
    await restored.candles.write({ key: KEY, candles: sampleMinutes(0, 5, 7) });
    await restored.close();
    await assertRejects(create, 'INVALID_INPUT', 'a backup onto a database');
    const restore = () => backup.restore({ from: source, to });
    await assertRejects(restore, 'INVALID_INPUT', 'without overwrite', { field: 'to' });
    await replace();
    const next = await context.openAt(to, storage);
    assertEqual(await answersOf(next), await answersOf(storage), 'what was restored');
  }),
  of('file', 'nowhere', 'what is not there is no backup', async ({ storage, context, backup }) => {
    const nothing = context.pathBeside(storage, 'nothing');
    const to = context.pathBeside(storage, 'restored');
    await assertRejects(() => backup.verify(nothing), 'CANNOT_OPEN', 'verifying nothing');
    await assertRejects(() => backup.restore({ from: nothing, to }), 'CANNOT_OPEN', 'restoring it');
    await assertRejects(() => backup.restore({ from: nothing }), 'INVALID_INPUT', 'to nowhere');
    await assertRejects(() => backup.create({}), 'INVALID_INPUT', 'a backup without a place');
  }),
  of('file', 'prune', 'old backups go as the rules say', async ({ storage, context, backup }) => {
    const paths: string[] = [];
    for (let day = 0; day < 5; day += 1) {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(day, day + 1) });
      const to = context.pathBeside(storage, `backups/${day}`);
      await backup.create({ to });
      paths.unshift(to);
      await context.advance(86_400_000);
    }
    const directory = assertDefined(paths[0], 'a path').replace(/[^/\\]+$/, '');
    const none = () => backup.prune({ directory, keep: {} });
    await assertRejects(none, 'INVALID_INPUT', 'to keep nothing', { field: 'keep' });
    const { kept, removed } = await backup.prune({ directory, keep: { last: 1, daily: 3 } });
    assertEqual([kept, removed], [paths.slice(0, 3), paths.slice(3)], 'what is kept and removed');
    for (const path of kept) assertEqual((await backup.verify(path)).ok, true, 'one that is kept');
    for (const path of removed) {
      await assertRejects(() => backup.verify(path), 'CANNOT_OPEN', 'one that was removed');
    }
  }),
];

function declared(
  key: string,
  title: string,
  run: (backups: StorageBackups) => Promise<void>,
): StorageScenario {
  return partScenario('backup', key, title, (_, storage, context) =>
    run(new StorageBackups(storage, context)),
  );
}

/** What a storage takes is no capability, so the scenario is there for all, and checks the refusal. */
function of(
  medium: BackupMedium,
  ...[key, title, run]: Parameters<typeof declared>
): StorageScenario {
  return declared(`${medium}-${key}`, title, async (backups) => {
    if (backups.backup.media.includes(medium)) return run(backups);
    const foreign = medium === 'bytes' ? new Uint8Array(100) : 'a-path';
    const error = await rejectionOf(() => backups.backup.verify(foreign), 'another medium');
    const isRefused =
      BarkeepError.is(error, 'INVALID_INPUT') || BarkeepError.is(error, 'UNSUPPORTED');
    assertTrue(isRefused, 'another medium is refused');
  });
}

/** Ways in which bytes are not what they were. */
function* damagesOf(bytes: Uint8Array): Generator<readonly [what: string, bytes: Uint8Array]> {
  yield ['empty', new Uint8Array(0)];
  yield ['foreign', new TextEncoder().encode('time,open,high,low,close\n'.repeat(50))];
  for (const part of [0.1, 0.5, 0.99]) {
    yield ['cut short', bytes.slice(0, Math.floor(bytes.length * part))];
  }
  for (let i = 0; i < 40; i += 1) {
    const flipped = bytes.slice();
    const at = Math.floor((bytes.length * (i + 0.5)) / 40);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    yield ['flipped', flipped];
  }
}
