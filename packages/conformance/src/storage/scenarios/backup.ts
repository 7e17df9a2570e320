import { BarkeepError, type Interval, nextTurn } from '@barkeep/core';
import type {
  BackupMedium,
  BackupOptions,
  BackupReport,
  BackupSource,
  IMarketDataStorage,
  IStorageBackup,
  RestoreOptions,
} from '@barkeep/storage';
import {
  assertDefined,
  assertEqual,
  assertRejects,
  assertTrue,
  rejectionOf,
} from '../../assertions.ts';
import { assertCollectedNow } from '../assert-collected-now.ts';
import { KEY, MINUTE, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import {
  type StorageContext,
  type StorageScenario,
  scenario,
  whereDeclared,
} from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

const ONLY_COVERED = { symbol: 'KRW-XRP', timeframe: '1h' } as const;

export const backupScenarios: readonly StorageScenario[] = [
  declared('report', 'a report tells what is in the backup', async (bench) => {
    const { storage, context } = bench;
    await storeMuch(storage);
    const startedAt = Date.now();
    const { source, report } = await bench.make('one');
    const { series, candles, createdAt, base, incremental, bytes, omitted } = report;
    assertEqual(
      series.map(({ checksum: _, ...figures }) => figures),
      [
        ...(await storage.candles.list()),
        { ...ONLY_COVERED, count: 0, first: undefined, last: undefined },
      ],
      'the series',
    );
    assertEqual(candles, 3_110, 'the candles');
    assertEqual([base, incremental, omitted], [undefined, false, []], 'that it is a full backup');
    assertCollectedNow(createdAt, context.clock, startedAt, 'its time');
    assertTrue(bytes > 0, 'it has a size');
    if (report.content !== undefined) assertEqual(bytes, report.content.length, 'its size');
    const again = await bench.make('two');
    assertTrue(again.report.id !== report.id, 'each backup has an id of its own');
    assertEqual(again.report.series, series, 'the series of another backup of the same');
    const verified = await bench.backup.verify(source);
    assertEqual([verified.ok, verified.problems], [true, []], 'what a verification finds');
    const described = { id: report.id, createdAt, base, series, candles };
    assertEqual([verified.backup, verified.bytes], [described, bytes], 'what it says of itself');
  }),
  declared('round-trip', 'what is restored is what was stored, be it nothing', async (bench) => {
    const nothing = await bench.make('nothing');
    assertEqual([nothing.report.series, nothing.report.candles], [[], 0], 'a backup of nothing');
    await assertNothingStored(await bench.restored(nothing.source), KEY, 'what was restored of it');
    await storeMuch(bench.storage);
    const before = await answersOf(bench.storage);
    const { source, report } = await bench.make('one');
    const restored = await bench.restored(source);
    assertEqual(await answersOf(restored), before, 'the answers of what was restored');
    const { series } = await bench
      .of(restored)
      .make('two')
      .then((made) => made.report);
    assertEqual(series, report.series, 'the checksums of a backup of what was restored');
    await restored.candles.write({ key: KEY, candles: sampleMinutes(-5, 5, 3) });
    assertEqual(await answersOf(bench.storage), before, 'what was backed up, after it');
  }),
  declared('later-changes', 'a backup does not change with the storage', async (bench) => {
    const { storage } = bench;
    await storeMuch(storage);
    const before = await answersOf(storage);
    const { source } = await bench.make('one');
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 50, 4) });
    await storage.candles.remove(OTHER_KEY);
    await storage.coverage.remove(KEY);
    await storage.metadata.set('note', 'another');
    assertEqual((await bench.backup.verify(source)).ok, true, 'whether it is as it was made');
    assertEqual(await answersOf(await bench.restored(source)), before, 'what is in it');
  }),
  declared('one-state', 'a backup is of one state, with all that came before it', async (bench) => {
    const { storage } = bench;
    const size = 40;
    const write = async (n: number): Promise<void> => {
      const candles = sampleMinutes(n * size, (n + 1) * size);
      const covers = { from: minute(n * size), to: minute((n + 1) * size) };
      await storage.candles.write([
        { key: KEY, candles, covers },
        { key: OTHER_KEY, candles, covers },
      ]);
    };
    let written = 0;
    for (; written < 40; written += 1) await write(written);
    let isMade = false;
    const making = bench.make('one').finally(() => {
      isMade = true;
    });
    const atLeast = written;
    for (; !isMade; written += 1) {
      await write(written);
      await nextTurn();
    }
    const { source } = await making;
    const restored = await bench.restored(source);
    const [one, other] = await restored.candles.readMany([{ ...KEY }, { ...OTHER_KEY }]);
    const count = one?.length ?? 0;
    assertTrue(count % size === 0, `a write is there whole or not at all: ${count} candles`);
    assertTrue(count >= atLeast * size, 'what was stored before it is in it');
    assertTrue(count <= written * size, 'nothing else is in it');
    await assertSeries(restored, KEY, sampleMinutes(0, count), 'the first series');
    assertEqual(other?.length, count, 'how many candles the other series has');
    for (const key of [KEY, OTHER_KEY]) {
      const covered = (await restored.coverage.of(key)).map(
        ({ from, to }): Interval => ({ from, to }),
      );
      assertEqual(covered, [{ from: minute(0), to: minute(count) }], 'the coverage');
    }
  }),
  declared('abort', 'a backup leaves nothing whenever it is given up', async (bench) => {
    await storeMuch(bench.storage);
    const reason = new Error('enough');
    const early = { ...bench.options('one'), signal: AbortSignal.abort(reason) };
    const refusal = await assertRejects(() => bench.backup.create(early), 'ABORTED', 'a backup');
    assertTrue(refusal.cause === reason, 'the cause of its error is the reason');
    const giveUpAt = (call: number): Promise<unknown> => {
      const controller = new AbortController();
      let seen = 0;
      const onProgress = (): void => {
        seen += 1;
        if (seen === call) controller.abort(reason);
      };
      const options = { ...bench.options('one'), signal: controller.signal, onProgress };
      return bench.backup.create(options).then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    // Each finds what the one before it has left, until one is complete before it is given up.
    for (let call = 1; ; call += 1) {
      const error = await giveUpAt(call);
      if (error === undefined) break;
      assertTrue(BarkeepError.is(error, 'ABORTED'), `given up at step ${call}: ${error}`);
    }
  }),
  declared('deadline', 'a backup that is late leaves nothing', async (bench) => {
    await storeMuch(bench.storage);
    const onProgress = (): void => {
      bench.context.clock.advance(10);
      // For a storage that goes by the machine's clock.
      for (const start = performance.now(); performance.now() < start + 10; );
    };
    const late = () => bench.backup.create({ ...bench.options('one'), deadlineMs: 10, onProgress });
    const error = await assertRejects(late, 'TIMEOUT', 'a late backup', { deadlineMs: 10 });
    assertEqual(error.retryable, true, 'whether it may be tried again');
    const { source } = await bench.make('one', { deadlineMs: 60_000 });
    assertEqual((await bench.backup.verify(source)).ok, true, 'whether the next one is sound');
  }),
  declared('progress', 'progress goes on from nothing to the end', async (bench) => {
    await storeMuch(bench.storage);
    const seen: number[] = [];
    await bench.make('one', {
      onProgress: ({ phase, fraction }) => {
        assertTrue(fraction >= 0 && fraction <= 1, `a fraction is one: ${fraction}`);
        assertTrue(phase === 'copying' || phase === 'verifying', `a phase is one: ${phase}`);
        seen.push((phase === 'copying' ? 0 : 1) + fraction);
      },
    });
    assertEqual(seen[0], 0, 'where it begins');
    assertEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      'the progress',
    );
  }),
  declared('invalid', 'invalid options are refused', async (bench) => {
    const { backup } = bench;
    const { source } = await bench.make('one');
    const options = bench.options('two');
    const create = (more: object) => () => backup.create({ ...options, ...more } as BackupOptions);
    const restore = (more: object) => () => backup.restore(more as RestoreOptions);
    const refused: readonly [what: string, call: () => Promise<unknown>][] = [
      ['no options', create({ too: 1 })],
      ['a deadline of 0', create({ deadlineMs: 0 })],
      ['no function', create({ onProgress: 1 })],
      ['no boolean', create({ overwrite: 1 })],
      ['nothing to restore', restore({})],
      ['an unknown option', restore({ from: source, two: 2 })],
      ['nothing to verify', () => backup.verify(undefined as unknown as BackupSource)],
    ];
    for (const [what, call] of refused) await assertRejects(call, 'INVALID_INPUT', what);
  }),
  declared('close-finishes', 'a backup under way when it is closed is made', async (bench) => {
    await storeMuch(bench.storage);
    const [{ source }] = await Promise.all([bench.make('one'), bench.storage.close()]);
    const next = await bench.context.open();
    const { ok } = await bench.of(next).backup.verify(source);
    assertEqual(ok, true, 'whether it is sound');
  }),
  ofBytes('damaged', 'a damaged backup is found out, and not restored', async (bench) => {
    await storeMuch(bench.storage);
    const { source } = await bench.make('one');
    if (typeof source === 'string') return;
    const before = await answersOf(bench.storage);
    for (const [what, bytes] of damagesOf(source)) {
      const { ok, problems } = await bench.backup.verify(bytes);
      // Where nothing that counts has changed, it may be sound.
      if (ok && what === 'flipped') continue;
      assertTrue(!ok && problems.length > 0, `a backup that is ${what} is found out`);
      const restore = () => bench.backup.restore({ from: bytes, overwrite: true });
      await assertRejects(restore, 'CORRUPT', `a backup that is ${what}`);
      assertEqual(await answersOf(bench.storage), before, 'what is stored after it');
    }
  }),
  ofBytes('overwrite', 'what is stored is replaced only on purpose', async (bench) => {
    const { storage, backup } = bench;
    const nothing = await bench.make('nothing');
    await storage.metadata.set('new', true);
    const restoreNothing = () => backup.restore({ from: nothing.source });
    await assertRejects(restoreNothing, 'INVALID_INPUT', 'over a document', { field: 'overwrite' });
    await storage.metadata.delete('new');
    await storeMuch(storage);
    const before = await answersOf(storage);
    const { source } = await bench.make('one');
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 50, 4) });
    await storage.candles.write({ key: { ...KEY, symbol: 'new' }, candles: sampleMinutes(0, 5) });
    await storage.metadata.set('new', true);
    const changed = await answersOf(storage);
    const restore = () => backup.restore({ from: source });
    await assertRejects(restore, 'INVALID_INPUT', 'without overwrite', { field: 'overwrite' });
    assertEqual(await answersOf(storage), changed, 'what is stored after that');
    const { path, candles } = await backup.restore({ from: source, overwrite: true });
    assertEqual([path, candles], [undefined, 3_110], 'the report');
    assertEqual(await answersOf(storage), before, 'what is stored after a restoration');
  }),
  ofBytes('lagged', 'whoever keeps copies hears of a restoration', async (bench) => {
    const { storage, backup } = bench;
    await storeMuch(storage);
    const { source } = await bench.make('one');
    const ask = [
      { ...KEY, ranges: [{}, { from: minute(0), to: minute(5) }] },
      { ...OTHER_KEY, ranges: [{}] },
    ];
    const before = await revisionsOf(storage, ask);
    const events: unknown[] = [];
    storage.changes.subscribe((event) => events.push(event));
    await backup.restore({ from: source, overwrite: true });
    assertEqual(events, [{ type: 'lagged' }], 'the events');
    for (const [i, revision] of (await revisionsOf(storage, ask)).entries()) {
      assertTrue(revision !== before[i], 'each revision is another one');
    }
  }),
  ofBytes('changes-on', 'what was restored takes every change', async (bench) => {
    const { storage, backup } = bench;
    await storeMuch(storage);
    const { source } = await bench.make('one');
    await backup.restore({ from: source, overwrite: true });
    await storage.candles.remove(KEY);
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 2_000, 1) });
    await storage.candles.write({ key: KEY, candles: sampleMinutes(500, 600) });
    const expected = [
      ...sampleMinutes(0, 500, 1),
      ...sampleMinutes(500, 600),
      ...sampleMinutes(600, 2_000, 1),
    ];
    await assertSeries(storage, KEY, expected, 'after changes');
    const problems = (await storage.integrity?.check())?.problems ?? [];
    assertEqual(problems, [], 'problems that an integrity check finds');
    if (storage.capabilities.durability === 'volatile') return;
    await assertSeries(await bench.context.reopen(storage), KEY, expected, 'after reopening');
  }),
  ofFiles('taken', 'a backup replaces another only on purpose', async (bench) => {
    const { storage } = bench;
    await storeMuch(storage);
    const { source } = await bench.make('one');
    const before = await bench.backup.verify(source);
    await storage.candles.remove(KEY);
    const again = () => bench.make('one');
    await assertRejects(again, 'INVALID_INPUT', 'a backup where there is one', { field: 'to' });
    assertEqual((await bench.backup.verify(source)).backup, before.backup, 'the first one');
    const { report } = await bench.make('one', { overwrite: true });
    assertEqual((await bench.backup.verify(source)).backup?.id, report.id, 'the second one');
  }),
  ofFiles('in-use', 'no database that is open is replaced', async (bench) => {
    const { storage, context, backup } = bench;
    await storeMuch(storage);
    const { source } = await bench.make('one');
    const to = context.pathBeside(storage, 'restored');
    await backup.restore({ from: source, to });
    const restored = await context.openAt(to, storage);
    const calls = [
      () => backup.create({ to, overwrite: true }),
      () => backup.restore({ from: source, to, overwrite: true }),
    ];
    for (const call of calls) await assertRejects(call, 'BUSY', 'onto an open database');
    await restored.candles.write({ key: KEY, candles: sampleMinutes(0, 5, 7) });
    await restored.close();
    await assertRejects(() => backup.create({ to, overwrite: true }), 'INVALID_INPUT', 'a backup');
    const restore = () => backup.restore({ from: source, to });
    await assertRejects(restore, 'INVALID_INPUT', 'without overwrite', { field: 'to' });
    await backup.restore({ from: source, to, overwrite: true });
    const again = await context.openAt(to, storage);
    assertEqual(await answersOf(again), await answersOf(storage), 'what was restored');
  }),
  ofFiles('nowhere', 'what is not there is no backup', async (bench) => {
    const { storage, context, backup } = bench;
    const nothing = context.pathBeside(storage, 'nothing');
    const to = context.pathBeside(storage, 'restored');
    await assertRejects(() => backup.verify(nothing), 'CANNOT_OPEN', 'verifying nothing');
    await assertRejects(() => backup.restore({ from: nothing, to }), 'CANNOT_OPEN', 'restoring it');
    await assertRejects(() => backup.restore({ from: nothing }), 'INVALID_INPUT', 'to nowhere');
    await assertRejects(() => backup.create({}), 'INVALID_INPUT', 'a backup without a place');
  }),
  ofFiles('prune', 'old backups go, and the last sound one stays', async (bench) => {
    const { storage, context, backup } = bench;
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

/** A storage with its backups, whatever these are. */
class BackupBench {
  readonly storage: IMarketDataStorage;
  readonly context: StorageContext;
  readonly backup: IStorageBackup;

  constructor(storage: IMarketDataStorage, context: StorageContext) {
    this.storage = storage;
    this.context = context;
    this.backup = assertDefined(storage.backup, 'storage.backup');
  }

  get #isBytes(): boolean {
    return this.backup.media.includes('bytes');
  }

  of(storage: IMarketDataStorage): BackupBench {
    return new BackupBench(storage, this.context);
  }

  /** What `create` needs to make a backup of a name. */
  options(name: string): BackupOptions {
    return this.#isBytes ? {} : { to: this.context.pathBeside(this.storage, name) };
  }

  async make(
    name: string,
    options: BackupOptions = {},
  ): Promise<{ source: BackupSource; report: BackupReport }> {
    const place = this.options(name);
    const report = await this.backup.create({ ...place, ...options });
    assertEqual(report.path === undefined, this.#isBytes, 'whether it has no path');
    assertEqual(report.content !== undefined, this.#isBytes, 'whether it has bytes');
    assertTrue(report.tookMs >= 0, 'it took some time');
    return { source: assertDefined(report.path ?? report.content, 'the backup'), report };
  }

  /** An open storage that a backup was restored to. */
  async restored(from: BackupSource): Promise<IMarketDataStorage> {
    if (this.#isBytes) {
      const fresh = await this.context.open();
      await assertDefined(fresh.backup, 'storage.backup').restore({ from });
      return fresh;
    }
    const to = this.context.pathBeside(this.storage, `restored-${crypto.randomUUID()}`);
    await this.backup.restore({ from, to });
    return this.context.openAt(to, this.storage);
  }
}

function declared(
  key: string,
  title: string,
  run: (bench: BackupBench) => Promise<void>,
): StorageScenario {
  return scenario(
    `backup/${key}`,
    title,
    (storage, context) => run(new BackupBench(storage, context)),
    whereDeclared(({ backup }) => backup, 'backup is not declared'),
  );
}

/** For storages that are replaced by a restoration. */
function ofBytes(...[key, title, run]: Parameters<typeof declared>): StorageScenario {
  return declared(`bytes-${key}`, title, (bench) => ifMedium('bytes', bench, run));
}

/** For storages whose backups are files. */
function ofFiles(...[key, title, run]: Parameters<typeof declared>): StorageScenario {
  return declared(`files-${key}`, title, (bench) => ifMedium('file', bench, run));
}

/** What a storage takes is no capability, so the scenario is there for all, and checks the refusal. */
async function ifMedium(
  medium: BackupMedium,
  bench: BackupBench,
  run: (bench: BackupBench) => Promise<void>,
): Promise<void> {
  const { backup } = bench;
  if (backup.media.includes(medium)) return run(bench);
  const foreign = medium === 'bytes' ? new Uint8Array(100) : 'a-path';
  const error = await rejectionOf(() => backup.verify(foreign), 'a backup in another medium');
  const codes = ['INVALID_INPUT', 'UNSUPPORTED'] as const;
  assertTrue(
    codes.some((code) => BarkeepError.is(error, code)),
    'another medium is refused',
  );
}

/** Every kind of thing that can be stored: 3,110 candles. */
async function storeMuch({ candles, coverage, metadata }: IMarketDataStorage): Promise<void> {
  await candles.write({
    key: KEY,
    candles: sampleMinutes(0, 3_000),
    covers: { from: minute(0), to: minute(3_000) },
    source: 'a',
  });
  await candles.write({ key: KEY, candles: sampleMinutes(-100, 10, 1) });
  await candles.write({ key: KEY, candles: sampleMinutes(100, 150, 2) });
  await candles.remove(KEY, { from: minute(500), to: minute(510) });
  const odd = 0.1 + 0.2;
  const quiet = { timestamp: minute(0), open: odd, high: odd, low: 5e-324, close: odd, volume: 0 };
  await candles.write({
    key: OTHER_KEY,
    candles: [...sampleMinutes(-19, 0), quiet],
  });
  await coverage.add(KEY, { from: minute(100), to: minute(200) }, { source: 'b', collectedAt: 5 });
  const hours = { from: minute(0), to: minute(0) + 600 * MINUTE };
  await coverage.add(ONLY_COVERED, hours, { source: 'c', collectedAt: 7 });
  await metadata.set('note', { text: 'hello', list: [1, null, '비트'] });
  await metadata.set('zero', 0);
}

async function answersOf(storage: IMarketDataStorage): Promise<unknown> {
  const { candles, coverage, metadata } = storage;
  const list = await candles.list();
  const read = await candles.readMany(list.map(({ symbol, timeframe }) => ({ symbol, timeframe })));
  const keys = await metadata.keys();
  return {
    list,
    candles: read.map((series) => series.toArray()),
    coverage: await Promise.all([KEY, OTHER_KEY, ONLY_COVERED].map((key) => coverage.of(key))),
    documents: await Promise.all(keys.map(async (key) => [key, await metadata.get(key)])),
  };
}

async function revisionsOf(
  { candles }: IMarketDataStorage,
  ask: Parameters<IMarketDataStorage['candles']['snapshots']>[0],
): Promise<string[]> {
  const snapshots = await candles.snapshots(ask);
  return snapshots.flatMap(({ ranges }) => ranges.map(({ revision }) => revision));
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
