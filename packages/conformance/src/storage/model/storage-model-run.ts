import { type Candle, CandleSeries, type Interval, type SeriesKey } from '@barkeep/core';
import type {
  CandleBatch,
  ChangeEvent,
  CoverageEntry,
  IMarketDataStorage,
  SnapshotRange,
} from '@barkeep/storage';
import { EVER as ALL_TIME } from '@barkeep/storage';
import { assertDefined, assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { START, sampleCandle } from '../sample-candles.ts';
import { StorageBackups } from '../storage-backups.ts';
import { collect } from '../storage-operations.ts';
import type { StorageContext } from '../storage-scenario.ts';
import { assertCandles, assertSound } from '../stored-state.ts';
import { modelCandle } from './model-candle.ts';
import { assertEvents, effectOf, type Touch } from './model-effects.ts';
import { EVER, ModelPeriods } from './model-periods.ts';
import type {
  ModelQuery,
  ModelRemoval,
  ModelSelection,
  ModelSnapshot,
  ModelWorld,
  ModelWrite,
  StorageCommand,
} from './storage-command.ts';
import {
  type ModelBatch,
  type ModelEntry,
  type ModelSeries,
  StorageModel,
} from './storage-model.ts';
import { WATCHED, WatchedRevisions } from './watched-revisions.ts';

/** Takes a storage and the model through the same commands, and compares what they answer. */
export class StorageModelRun {
  readonly #context: StorageContext;
  /** Keeps the names of this run apart from those of other runs on the same storage. */
  readonly #prefix: string;
  readonly #model = new StorageModel();
  readonly #handles: IMarketDataStorage[];
  #events: ChangeEvent[] = [];
  /** What a listener reads when it hears of a change. */
  #heard: { readonly key: SeriesKey; readonly candles: Promise<Candle[]> }[] = [];
  readonly #endings: (() => void)[] = [];
  readonly #world: ModelPeriods;
  readonly #watched: WatchedRevisions;
  /** The revision of the latest snapshot, by series and range. */
  readonly #revisions = new Map<string, string>();

  constructor(
    context: StorageContext,
    handles: readonly IMarketDataStorage[],
    world: ModelWorld,
    prefix: string,
  ) {
    this.#context = context;
    this.#world = new ModelPeriods(world, prefix);
    this.#watched = new WatchedRevisions(this.#world);
    this.#handles = [...handles];
    this.#prefix = prefix;
    for (const handle of handles) this.#listen(handle);
  }

  /** The handle in use. */
  get #storage(): IMarketDataStorage {
    return assertDefined(this.#handles[0], 'a handle');
  }

  async execute(commands: readonly StorageCommand[]): Promise<void> {
    for (const [i, command] of commands.entries()) {
      await this.#step(command, `command ${i}, ${command.kind}`);
    }
    for (const handle of this.#handles) await this.#compareAll(handle, 'in the end');
  }

  /** Leaves nothing behind, so that a storage does not grow from run to run. */
  async cleanUp(): Promise<void> {
    for (const end of this.#endings) end();
    const { candles, metadata } = this.#storage;
    for (const key of this.#world.keys) await candles.remove(key);
    for (const name of this.#model.documents.keys()) await metadata.delete(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }

  #listen(handle: IMarketDataStorage): void {
    const end = handle.changes.subscribe((event) => {
      if ('origin' in event && event.origin === 'remote') return;
      // Of what other handles have changed, one may have lost track.
      if (event.type === 'lagged' && this.#handles.length > 1) return;
      this.#events.push(event);
      if (event.type !== 'candles' || this.#heard.length > 0) return;
      const reading = handle.candles.read(event.key).then((series) => series.toArray());
      // It is awaited after the command.
      reading.catch(() => undefined);
      this.#heard.push({ key: event.key, candles: reading });
    });
    this.#endings.push(end);
  }

  async #step(command: StorageCommand, what: string): Promise<void> {
    const before = this.#world.keys.map((_, i) => this.#model.of(i));
    this.#events = [];
    this.#heard = [];
    const touched = await this.#execute(command, what);
    const effects = before.map((state, series) => {
      const touches = touched?.filter((one) => one.series === series) ?? [];
      return effectOf(state, this.#model.of(series), touches);
    });
    assertEvents(this.#events, effects, this.#world, what);
    for (const { key, candles } of this.#heard) {
      const series = this.#world.keys.findIndex((one) => isEqual(one, key));
      const expected = this.#model.read(series, EVER);
      assertCandles(await candles, expected, `${what}: what its event announced`);
    }
    await this.#watched.check(this.#storage, effects, what);
  }

  /** Does what it says on both sides, and tells which series it is about where it is a change. */
  async #execute(command: StorageCommand, what: string): Promise<readonly Touch[] | undefined> {
    const { candles, coverage, metadata, changes, maintenance } = this.#storage;
    const [model, world] = [this.#model, this.#world];
    switch (command.kind) {
      case 'write': {
        const batches = command.batches.map((one) => this.#batch(one));
        const result = await candles.write(batches.map((one) => this.#input(one)));
        assertEqual(result, model.write(batches), what);
        return batches;
      }
      case 'write-refused': {
        const input = command.batches.map((one) => this.#input(this.#batch(one)));
        const bad = { key: world.key(0), candles: [{ ...sampleCandle(START), high: -1 }] };
        await assertRejects(() => candles.write([...input, bad]), 'INVALID_INPUT', what);
        return;
      }
      case 'write-given-up': {
        const controller = new AbortController();
        return this.#mayFail(command.batches, what, async (input) => {
          const writing = candles.write(input, { signal: controller.signal });
          controller.abort(new Error('enough'));
          await writing;
        });
      }
      case 'write-failing': {
        const { faults } = this.#context;
        const fault = faults[command.fault % faults.length];
        if (fault === undefined) return;
        const end = await this.#context.beginFault(fault, this.#storage);
        return this.#mayFail(command.batches, what, (input) => candles.write(input).finally(end));
      }
      case 'at-once':
        return this.#changeAtOnce(command.changes, what);
      case 'read': {
        const queries = command.queries.map((one) => this.#query(one));
        const answers = await candles.readMany(queries);
        assertEqual(answers.length, queries.length, `${what}: how many answers there are`);
        answers.push(await candles.read(assertDefined(queries[0], 'a query')));
        for (const [i, one] of [...command.queries, ...command.queries.slice(0, 1)].entries()) {
          const answer = assertDefined(answers[i], what);
          const expected = this.#selected(one);
          assertCandles(answer.toArray(), expected, `${what} ${i}`);
          const described = [world.key(one.series), expected.length];
          assertEqual([answer.key, answer.length], described, `${what} ${i}: key and length`);
        }
        return;
      }
      case 'read-columns': {
        const { query, columns } = command;
        const answer = await candles.readColumns(this.#query(query), columns);
        const expected = this.#selected(query);
        for (const column of columns) {
          const values = Float64Array.from(expected, (candle) => candle[column] ?? Number.NaN);
          assertEqual(answer[column], values, `${what}: ${column}`);
        }
        assertEqual(Object.keys(answer).sort(), [...columns].sort(), `${what}: the columns`);
        return;
      }
      case 'scan': {
        const { series, range, chunkSize } = command;
        const query = { ...world.key(series), ...world.bounds(series, range), chunkSize };
        const chunks = await collect(candles.scan(query));
        const expected = model.read(series, world.span(range));
        const scanned = chunks.flatMap((chunk) => chunk.toArray());
        assertCandles(scanned, expected, what);
        const full = chunks.slice(0, -1).every(({ length }) => length === chunkSize);
        assertTrue(full, `${what}: every chunk but the last is full`);
        assertEqual(chunks.length, Math.ceil(expected.length / chunkSize), `${what}: the chunks`);
        return;
      }
      case 'remove': {
        const { series, range } = command;
        const removed = await candles.remove(world.key(series), world.interval(series, range));
        const span = world.span(range);
        assertEqual(removed, model.remove(series, span), what);
        return [{ series, removed: span }];
      }
      case 'cover': {
        const { series, range, source } = command;
        const collectedAt = START + command.collectedAt;
        const interval = assertDefined(world.interval(series, range), 'a range');
        await coverage.add(world.key(series), interval, { source, collectedAt });
        model.cover(series, { ...world.whole(range), source, collectedAt });
        return [{ series }];
      }
      case 'uncover': {
        const { series, range } = command;
        await coverage.remove(world.key(series), world.interval(series, range));
        model.uncover(series, world.touched(range));
        return [{ series }];
      }
      case 'covered': {
        const { series, range } = command;
        const interval = world.interval(series, range);
        const entries = await coverage.of(world.key(series), interval);
        const isAll = interval === undefined;
        const { ledger } = model.of(series);
        const expected = isAll ? ledger : model.covered(series, world.touched(range));
        this.#assertLedger(series, entries, expected, what, interval);
        return;
      }
      case 'missing': {
        const { series, range } = command;
        const interval = assertDefined(world.interval(series, range), 'a range');
        const missing = await coverage.missing(world.key(series), interval);
        const expected = model.missing(series, world.touched(range));
        assertEqual(
          missing,
          expected.map((span) => world.time(series, span)),
          what,
        );
        return;
      }
      case 'continuity': {
        const { series, range } = command;
        const interval = world.interval(series, range);
        const report = await coverage.continuity(world.key(series), interval);
        const { range: reported, missing, ...counts } = report;
        const { from, to } = model.extent(series) ?? { from: 0, to: 0 };
        const span = interval === undefined ? { from, to } : world.touched(range);
        const isSome = span.from < span.to;
        if (isSome) assertEqual(reported, world.time(series, span), `${what}: the range`);
        assertEqual(counts, model.continuity(series, span), what);
        const holes = model.missing(series, span).map((one) => world.time(series, one));
        assertEqual(missing, holes, `${what}: what is missing`);
        return;
      }
      case 'announce': {
        const { series, range } = command;
        await changes.announce(world.key(series), world.interval(series, range));
        const span = world.touched(range);
        if (span.from >= span.to) return;
        this.#watched.renew(series, span);
        return [{ series, announced: span }];
      }
      case 'list': {
        const key = world.key(command.series);
        const filter = Object.fromEntries(command.by.map((field) => [field, key[field]]));
        const isMeant = (one: SeriesKey) => command.by.every((field) => one[field] === key[field]);
        assertEqual(await candles.list(filter), this.#listed().filter(isMeant), what);
        return;
      }
      case 'snapshots':
        await this.#checkSnapshots(command.requests, what);
        return;
      case 'set-document':
        await metadata.set(this.#prefix + command.name, command.value);
        model.documents.set(this.#prefix + command.name, command.value);
        return;
      case 'delete-document': {
        const name = this.#prefix + command.name;
        assertEqual(await metadata.delete(name), model.documents.delete(name), what);
        return;
      }
      case 'list-documents': {
        const prefix = this.#prefix + command.prefix;
        const names = [...model.documents.keys()].filter((it) => it.startsWith(prefix));
        assertEqual(await metadata.keys(prefix), names.sort(), what);
        return;
      }
      case 'compact': {
        // Not every storage has something to compact; none may answer differently after it.
        const key = world.key(command.series);
        const explained = await maintenance?.explain(key);
        assertEqual(await maintenance?.compact(key), explained, what);
        return;
      }
      case 'reopen':
        this.#replace(await this.#context.reopen(this.#storage));
        return;
      case 'restore': {
        const backups = new StorageBackups(this.#storage, this.#context);
        const { source } = await backups.make(crypto.randomUUID());
        this.#replace(await backups.restored(source));
        await backups.storage.close();
        this.#forgetRevisions();
        return;
      }
      case 'switch-handle':
        this.#handles.push(...this.#handles.splice(0, 1));
        if (!this.#storage.capabilities.revisions) this.#forgetRevisions();
        return;
    }
  }

  #replace(next: IMarketDataStorage): void {
    this.#handles.splice(0, 1, next);
    this.#listen(next);
    if (!next.capabilities.revisions) this.#forgetRevisions();
  }

  /** A write that may fail: all of it is stored, or nothing. */
  async #mayFail(
    writes: readonly ModelWrite[],
    what: string,
    write: (input: CandleBatch[]) => Promise<unknown>,
  ): Promise<readonly Touch[]> {
    const batches = writes.map((one) => this.#batch(one));
    const [{ status }] = await Promise.allSettled([write(batches.map((it) => this.#input(it)))]);
    // Writes follow one another, so after this one the abandoned one is decided.
    await this.#storage.candles.write({ key: this.#world.key(0), candles: [] });
    const touched = [...new Set(batches.map(({ series }) => series))];
    const states = await this.#look(touched);
    const isNow = (): boolean =>
      touched.every((series, i) => this.#isState(series, states[i], this.#model.of(series)));
    if (status === 'rejected' && isNow()) return [];
    this.#model.write(batches);
    assertTrue(isNow(), `${what}, ${status}: candles and coverage are those before it or after it`);
    return batches;
  }

  /** Changes side by side, through all handles, in one order or the other, while others look on. */
  async #changeAtOnce(
    given: readonly (ModelWrite | ModelRemoval)[],
    what: string,
  ): Promise<readonly Touch[]> {
    const changes = given.map((one, i): AtOnce => {
      const { candles } = assertDefined(this.#handles[i % this.#handles.length], 'a handle');
      const { series } = one;
      if ('removes' in one) {
        const removed = this.#world.span(one.removes);
        const interval = this.#world.interval(series, one.removes);
        return {
          touch: { series, removed },
          call: () => candles.remove(this.#world.key(series), interval),
          expect: () => this.#model.remove(series, removed),
        };
      }
      const batch = this.#batch(one);
      return {
        touch: { series, candles: batch.candles },
        call: () => candles.write(this.#input(batch)),
        expect: () => this.#model.write([batch]),
      };
    });
    const touched = [...new Set(given.map(({ series }) => series))];
    const before = touched.map((series) => this.#model.of(series));
    const looking = this.#look(touched);
    const [results, ...seen] = await Promise.all([
      Promise.all(changes.map(({ call }) => call())),
      looking,
      this.#look(touched),
    ]);
    const last = await this.#look(touched);
    // A listener may have read between the two.
    this.#heard = [];
    const known = [before];
    const orders = [changes, changes.toReversed()].filter((order) => {
      for (const [i, state] of before.entries()) this.#model.put(touched[i] ?? 0, state);
      const between: ModelSeries[][] = [];
      const expected = order.map(({ expect }) => {
        const result = expect();
        between.push(touched.map((series) => this.#model.of(series)));
        return result;
      });
      const isThis =
        isEqual(results, order === changes ? expected : expected.toReversed()) &&
        touched.every((series, i) => this.#isState(series, last[i], this.#model.of(series)));
      if (isThis) known.push(...between);
      return isThis;
    });
    assertTrue(orders.length > 0, `${what}: results and candles are of one after the other`);
    for (const [i, series] of touched.entries()) {
      const states = known.flatMap((all) => all[i] ?? []);
      // The last state is that of both orders.
      this.#model.put(series, assertDefined(states.at(-1), 'a state'));
      const isKnown = seen.every((looked) =>
        states.some((state) => this.#isState(series, looked[i], state)),
      );
      assertTrue(isKnown, `${what}: a snapshot of ${this.#world.name(series)} is of one state`);
    }
    return changes.map(({ touch }) => touch);
  }

  async #look(series: readonly number[]): Promise<LookedAt[]> {
    const ranges = [{ candles: 'always' as const }];
    const requests = series.map((one) => ({ ...this.#world.key(one), ranges }));
    const snapshots = await this.#storage.candles.snapshots(requests);
    return snapshots.map(({ coverage, ranges: [part] }) => ({
      coverage,
      candles: part?.candles?.toArray() ?? [],
    }));
  }

  #isState(
    series: number,
    looked: LookedAt | undefined,
    { candles, ledger }: ModelSeries,
  ): boolean {
    const expected = [...candles].sort(([a], [b]) => a - b).map(([, candle]) => candle);
    const entries = ledger.map((one) => ({ ...one, ...this.#world.time(series, one) }));
    return (
      isEqual(looked?.candles, expected) &&
      isEqual(looked?.coverage.map(withoutTime), entries.map(withoutTime))
    );
  }

  async #checkSnapshots(requests: readonly ModelSnapshot[], what: string): Promise<void> {
    const nameOf = (series: number, { range }: ModelSelection) => JSON.stringify([series, range]);
    const asked = requests.map(({ series, ranges }) => ({
      ...this.#world.key(series),
      ranges: ranges.map(({ candles, ...selection }): SnapshotRange => {
        const latest = this.#revisions.get(nameOf(series, selection)) ?? '';
        const known = { 'has-others': 'others', 'has-latest': latest };
        const isKnown = candles === 'has-others' || candles === 'has-latest';
        const wanted = isKnown ? { unless: known[candles] } : candles;
        return { ...this.#selection({ series, ...selection }), candles: wanted };
      }),
    }));
    const snapshots = await this.#storage.candles.snapshots(asked);
    assertEqual(snapshots.length, requests.length, `${what}: how many there are`);
    for (const [i, { series, ranges }] of requests.entries()) {
      const { key, extent, coverage, ranges: parts } = assertDefined(snapshots[i], what);
      const whole = this.#model.extent(series);
      const expected = [this.#world.key(series), whole && this.#world.time(series, whole)];
      assertEqual([key, extent], expected, `${what} ${i}: key and extent`);
      this.#assertLedger(series, coverage, this.#model.of(series).ledger, `${what} ${i}`);
      assertEqual(parts.length, ranges.length, `${what} ${i}: how many ranges there are`);
      for (const [j, range] of ranges.entries()) {
        const { revision, candles } = assertDefined(parts[j], what);
        this.#revisions.set(nameOf(series, range), revision);
        const wish = asked[i]?.ranges[j]?.candles;
        const isWanted = typeof wish === 'object' ? wish.unless !== revision : wish === 'always';
        const who = `${what} ${i}: candles of range ${j}`;
        assertEqual(candles !== undefined, isWanted, `${who} are there`);
        if (isWanted) {
          assertCandles(candles?.toArray() ?? [], this.#selected({ series, ...range }), who);
        }
      }
    }
  }

  #forgetRevisions(): void {
    this.#revisions.clear();
    this.#watched.forget();
  }

  async #compareAll(storage: IMarketDataStorage, what: string): Promise<void> {
    const { candles, coverage, metadata, capabilities } = storage;
    for (const [series, key] of this.#world.keys.entries()) {
      const who = `${this.#world.name(series)} ${what}`;
      assertCandles((await candles.read(key)).toArray(), this.#model.read(series, EVER), who);
      this.#assertLedger(series, await coverage.of(key), this.#model.of(series).ledger, who);
      if (!capabilities.revisions) continue;
      const watched = WATCHED.flatMap((range) => this.#world.interval(series, range) ?? []);
      const ranges = watched.toReversed();
      const [snapshot] = await candles.snapshots([{ ...key, ranges }]);
      const texts = snapshot?.ranges.map(({ revision }) => revision);
      const revisions = await candles.revisions(key, ranges);
      assertEqual(revisions, texts, `${who}: revisions and those of a snapshot`);
    }
    assertEqual(await candles.list(), this.#listed(), `the list ${what}`);
    const { size } = await storage.stats();
    const counts = this.#listed().map(({ count }) => count);
    const expected = [counts.length, counts.reduce((sum, count) => sum + count, 0)];
    assertEqual([size.series, size.candles], expected, `the size ${what}: series and candles`);
    for (const [name, value] of this.#model.documents) {
      assertEqual(await metadata.get(name), value, `the document ${name} ${what}`);
    }
    await assertSound(storage, what);
  }

  /** Other runs have left nothing, so what is listed is of this one. */
  #listed() {
    return this.#world.keys
      .map((key, series) => ({ key, candles: this.#model.read(series, EVER) }))
      .filter(({ candles }) => candles.length > 0)
      .map(({ key, candles }) => ({
        ...key,
        count: candles.length,
        first: candles[0]?.timestamp,
        last: candles.at(-1)?.timestamp,
      }))
      .sort((a, b) => byCodeUnit(a.symbol, b.symbol) || byCodeUnit(a.timeframe, b.timeframe));
  }

  #assertLedger(
    series: number,
    actual: readonly CoverageEntry[],
    expected: readonly ModelEntry[],
    what: string,
    within: Interval = ALL_TIME,
  ): void {
    const entries = expected.map(({ source, collectedAt, ...span }, i) => {
      const { from, to } = this.#world.time(series, span);
      return {
        from: Math.max(from, within.from),
        to: Math.min(to, within.to),
        source,
        // The model does not know what "now" is.
        collectedAt: Number.isFinite(collectedAt) ? collectedAt : actual[i]?.collectedAt,
      };
    });
    assertEqual(actual, entries, `${what}: the coverage`);
  }

  #query(query: ModelQuery) {
    return { ...this.#world.key(query.series), ...this.#selection(query) };
  }

  #selection({ series, range, limit, take }: ModelQuery) {
    return { ...this.#world.bounds(series, range), limit, take };
  }

  #selected({ series, range, limit, take }: ModelQuery): Candle[] {
    const byDefault = range.from === undefined ? 'last' : 'first';
    return this.#model.read(series, this.#world.span(range), limit, take ?? byDefault);
  }

  #batch({ series, pages, covers, source, replaces }: ModelWrite): ModelBatch {
    const periods = pages.flatMap((page) => this.#world.periods(page));
    const candles = new Map(
      periods.map(([at, version]) => [at, modelCandle(this.#world.at(series, at), version)]),
    );
    return { series, candles, covers: covers.map((it) => this.#world.whole(it)), source, replaces };
  }

  /** As an exchange sends them, or worse: newest first, and one of them twice. */
  #input({ series, candles, covers, source, replaces }: ModelBatch): CandleBatch {
    const key = this.#world.key(series);
    const all = [...candles.values()];
    const twice = all.slice(0, 1).map(({ timestamp }) => sampleCandle(timestamp, 9));
    const mixed = [...twice, ...(all.length % 2 === 0 ? all : all.toReversed())];
    const sorted = all.toSorted((a, b) => a.timestamp - b.timestamp);
    // The batch's key counts, not that of a series in it.
    const columns = () => CandleSeries.from({ ...key, symbol: 'another' }, sorted);
    const intervals = covers.map((span) => this.#world.time(series, span));
    return {
      key,
      candles: all.length % 3 === 0 ? columns() : mixed,
      covers: intervals.length > 1 ? intervals : intervals[0],
      source,
      replaces,
    };
  }
}

/** One of several changes at the same time, and what it answers at its turn. */
interface AtOnce {
  readonly touch: Touch;
  call(): Promise<unknown>;
  expect(): unknown;
}

interface LookedAt {
  readonly candles: readonly Candle[];
  readonly coverage: readonly CoverageEntry[];
}

function withoutTime({ from, to, source }: Omit<CoverageEntry, 'collectedAt'>) {
  return { from, to, source };
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
