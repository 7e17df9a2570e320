import { type Candle, CandleSeries, type Interval, type SeriesKey } from '@barkeep/core';
import type { CandleBatch, ChangeEvent, CoverageEntry, IMarketDataStorage } from '@barkeep/storage';
import {
  assertDefined,
  assertEqual,
  assertRejects,
  assertTrue,
  ConformanceError,
} from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { START, sampleCandle } from '../sample-candles.ts';
import { collect } from '../storage-operations.ts';
import type { StorageContext } from '../storage-scenario.ts';
import { modelCandle } from './model-candle.ts';
import { EVER, ModelPeriods } from './model-periods.ts';
import type {
  ModelRange,
  ModelSelection,
  ModelWorld,
  ModelWrite,
  StorageCommand,
} from './storage-command.ts';
import {
  joinSpans,
  type ModelBatch,
  type ModelEntry,
  type ModelSeries,
  type Span,
  StorageModel,
} from './storage-model.ts';
import { type Effect, WATCHED, WatchedRevisions } from './watched-revisions.ts';

/** What a command is about, beside the candles and the coverage that it changes. */
interface Touch {
  readonly series: number;
  readonly announced?: Span;
  /** What it removes, however little is there. */
  readonly removed?: Span;
}

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
  #stopListening: () => void = () => undefined;
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
    this.#listen();
  }

  get #storage(): IMarketDataStorage {
    return assertDefined(this.#handles[0], 'a handle');
  }

  async execute(commands: readonly StorageCommand[]): Promise<void> {
    for (const [i, command] of commands.entries()) {
      await this.#step(command, `command ${i}, ${command.kind}`);
    }
    for (const handle of this.#handles) {
      this.#use(handle);
      await this.#compareAll('in the end');
    }
  }

  /** Leaves nothing behind, so that a storage does not grow from run to run. */
  async cleanUp(): Promise<void> {
    this.#stopListening();
    const { candles, metadata } = this.#storage;
    for (const key of this.#world.keys) await candles.remove(key);
    for (const name of this.#model.documents.keys()) await metadata.delete(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }

  #listen(): void {
    this.#stopListening = this.#storage.changes.subscribe((event) => {
      if ('origin' in event && event.origin === 'remote') return;
      this.#events.push(event);
      if (event.type !== 'candles' || this.#heard.length > 0) return;
      const reading = this.#storage.candles.read(event.key).then((series) => series.toArray());
      // It is awaited after the command.
      reading.catch(() => undefined);
      this.#heard.push({ key: event.key, candles: reading });
    });
  }

  #use(handle: IMarketDataStorage): void {
    this.#stopListening();
    this.#handles.splice(this.#handles.indexOf(handle), 1);
    this.#handles.unshift(handle);
    this.#listen();
  }

  async #step(command: StorageCommand, what: string): Promise<void> {
    const before = this.#world.keys.map((_, i) => this.#model.of(i));
    this.#events = [];
    this.#heard = [];
    const touched = await this.#execute(command, what);
    const effects = before.map((state, series): Effect => {
      const touches = touched.filter((one) => one.series === series);
      const difference = differenceOf(state, this.#model.of(series));
      const { changed, candles } = difference;
      return {
        ...difference,
        reach: changed.length === 0 ? undefined : joinSpans(candles, touches[0]?.removed),
        announced: touches[0]?.announced,
        covers: touches.length > 0,
      };
    });
    this.#checkEvents(effects, what);
    for (const { key, candles } of this.#heard) {
      const series = this.#world.keys.findIndex((one) => isEqual(one, key));
      assertEqual(
        await candles,
        this.#model.read(series, EVER),
        `${what}: what its event announced`,
      );
    }
    await this.#watched.check(this.#storage, effects, what);
  }

  /** Does what it says on both sides. */
  async #execute(command: StorageCommand, what: string): Promise<readonly Touch[]> {
    const { candles, coverage, metadata, changes, maintenance } = this.#storage;
    const [model, world] = [this.#model, this.#world];
    switch (command.kind) {
      case 'write': {
        const batches = command.batches.map((one) => this.#batch(one));
        assertEqual(
          await candles.write(batches.map((it) => this.#input(it))),
          model.write(batches),
          what,
        );
        return batches;
      }
      case 'write-refused': {
        const batches = command.batches.map((one) => this.#input(this.#batch(one)));
        const bad = { key: world.key(0), candles: [{ ...sampleCandle(START), high: -1 }] };
        await assertRejects(() => candles.write([...batches, bad]), 'INVALID_INPUT', what);
        return [];
      }
      case 'write-given-up': {
        const controller = new AbortController();
        const batches = command.batches.map((one) => this.#batch(one));
        const input = batches.map((it) => this.#input(it));
        return this.#mayFail(batches, what, async () => {
          const writing = candles.write(input, { signal: controller.signal });
          controller.abort(new Error('enough'));
          await writing;
        });
      }
      case 'write-failing': {
        const [fault] = this.#context.faults;
        if (fault === undefined) return [];
        const batches = command.batches.map((one) => this.#batch(one));
        const input = batches.map((it) => this.#input(it));
        const end = await this.#context.beginFault(fault, this.#storage);
        return this.#mayFail(batches, what, () => candles.write(input).finally(end));
      }
      case 'write-at-once': {
        const batches = command.writes.map((one) => this.#batch(one));
        return this.#writeAtOnce(batches, what);
      }
      case 'read': {
        const queries = command.queries.map((one) => ({
          ...world.key(one.series),
          ...this.#selection(one.series, one),
        }));
        const answers = await candles.readMany(queries);
        assertEqual(answers.length, queries.length, `${what}: how many answers there are`);
        for (const [i, one] of command.queries.entries()) {
          const expected = this.#selected(one.series, one);
          const { key, length } = assertDefined(answers[i], what);
          assertEqual(key, world.key(one.series), `${what} ${i}: the key`);
          assertCandles(assertDefined(answers[i], what).toArray(), expected, `${what} ${i}`);
          assertEqual(length, expected.length, `${what} ${i}: the length`);
        }
        const [first, [one]] = [assertDefined(queries[0], what), command.queries];
        const single = await candles.read(first);
        assertCandles(
          single.toArray(),
          this.#selected(one?.series ?? 0, assertDefined(one, what)),
          what,
        );
        return [];
      }
      case 'read-columns': {
        const { query, columns } = command;
        const answer = await candles.readColumns(
          { ...world.key(query.series), ...this.#selection(query.series, query) },
          columns,
        );
        const expected = this.#selected(query.series, query);
        for (const column of columns) {
          const values = Float64Array.from(expected, (candle) => candle[column]);
          assertEqual(answer[column], values, `${what}: ${column}`);
        }
        assertEqual(Object.keys(answer).sort(), [...columns].sort(), `${what}: the columns`);
        return [];
      }
      case 'scan': {
        const { series, range, chunkSize } = command;
        const query = { ...world.key(series), ...world.bounds(series, range), chunkSize };
        const chunks = await collect(candles.scan(query));
        const expected = model.read(series, world.span(range));
        assertCandles(
          chunks.flatMap((chunk) => chunk.toArray()),
          expected,
          what,
        );
        const full = chunks.slice(0, -1).every(({ length }) => length === chunkSize);
        assertTrue(full, `${what}: every chunk but the last is full`);
        assertEqual(chunks.length, Math.ceil(expected.length / chunkSize), `${what}: the chunks`);
        return [];
      }
      case 'remove': {
        const { series, range } = command;
        const span = world.span(range);
        const removed = await candles.remove(world.key(series), world.interval(series, range));
        assertEqual(removed, model.remove(series, span), what);
        return [{ series, removed: span }];
      }
      case 'cover': {
        const { series, range, source } = command;
        const collectedAt = START + command.collectedAt;
        const interval = assertDefined(world.interval(series, range), 'a range');
        await coverage.add(world.key(series), interval, { source, collectedAt });
        const whole = world.whole(range);
        model.cover(series, { ...whole, source, collectedAt });
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
        const entries = await coverage.of(world.key(series), world.interval(series, range));
        if (range.from === undefined)
          this.#assertLedger(series, entries, model.of(series).ledger, what);
        // Entries are cut where the range ends, within a period if it ends there.
        else if (range.fromOff !== true && range.toOff !== true) {
          this.#assertLedger(series, entries, model.covered(series, world.touched(range)), what);
        }
        return [];
      }
      case 'missing': {
        const { series, range } = command;
        const interval = assertDefined(world.interval(series, range), 'a range');
        const expected = model.missing(series, world.touched(range));
        const missing = await coverage.missing(world.key(series), interval);
        assertEqual(
          missing,
          expected.map((span) => world.time(series, span)),
          what,
        );
        return [];
      }
      case 'continuity': {
        const { series, range } = command;
        const periods = model.periods(series, EVER).map(([at]) => at);
        const whole = { from: periods[0] ?? 0, to: (periods.at(-1) ?? -1) + 1 };
        const span = range.from === undefined ? whole : world.touched(range);
        const {
          range: _,
          missing,
          ...counts
        } = await coverage.continuity(world.key(series), world.interval(series, range));
        assertEqual(counts, model.continuity(series, span), what);
        const holes = model.missing(series, span).map((one) => world.time(series, one));
        assertEqual(missing, holes, `${what}: what is missing`);
        return [];
      }
      case 'announce': {
        const { series, range } = command;
        await changes.announce(world.key(series), world.interval(series, range));
        const span = world.touched(range);
        if (span.from >= span.to) return [];
        this.#watched.renew(series, span);
        return [{ series, announced: span }];
      }
      case 'list': {
        const key = world.key(command.series);
        const filter = Object.fromEntries(command.by.map((field) => [field, key[field]]));
        // Other runs have left nothing, so what is listed is of this one.
        const expected = this.#listed().filter((one) =>
          command.by.every((field) => one[field] === key[field]),
        );
        assertEqual(await candles.list(filter), expected, what);
        return [];
      }
      case 'snapshots':
        await this.#checkSnapshots(command, what);
        return [];
      case 'set-document':
        await metadata.set(this.#prefix + command.name, command.value);
        model.documents.set(this.#prefix + command.name, command.value);
        return [];
      case 'delete-document': {
        const name = this.#prefix + command.name;
        assertEqual(await metadata.delete(name), model.documents.delete(name), what);
        return [];
      }
      case 'list-documents': {
        const prefix = this.#prefix + command.prefix;
        const names = [...model.documents.keys()].filter((it) => it.startsWith(prefix));
        assertEqual(await metadata.keys(prefix), names.sort(), what);
        return [];
      }
      case 'compact': {
        // Not every storage has something to compact; none may answer differently after it.
        const key = world.key(command.series);
        const explained = await maintenance?.explain(key);
        assertEqual(await maintenance?.compact(key), explained, what);
        return [];
      }
      case 'reopen': {
        this.#stopListening();
        const [storage, ...others] = this.#handles;
        const next = await this.#context.reopen(assertDefined(storage, 'a handle'));
        this.#handles.splice(0, this.#handles.length, next, ...others);
        this.#listen();
        if (!next.capabilities.revisions) this.#forgetRevisions();
        return [];
      }
      case 'switch-handle':
        this.#use(assertDefined(this.#handles.at(-1), 'a handle'));
        if (!this.#storage.capabilities.revisions) this.#forgetRevisions();
        return [];
    }
  }

  /** A write that may fail: all of it is stored, or nothing. */
  async #mayFail(
    batches: readonly ModelBatch[],
    what: string,
    write: () => Promise<unknown>,
  ): Promise<readonly Touch[]> {
    const outcome = await write().then(
      () => 'resolved',
      () => 'rejected',
    );
    // Writes follow one another, so after this one the abandoned one is decided.
    await this.#storage.candles.write({ key: this.#world.key(0), candles: [] });
    const touched = [...new Set(batches.map(({ series }) => series))];
    const states = await this.#look(touched);
    const isStill = touched.every((series, i) =>
      this.#isState(series, states[i], this.#model.of(series)),
    );
    if (isStill && outcome === 'rejected') return [];
    this.#model.write(batches);
    const isDone = touched.every((series, i) =>
      this.#isState(series, states[i], this.#model.of(series)),
    );
    if (isDone) return batches;
    throw new ConformanceError(
      `${what}: it ${outcome}, and left candles and coverage of neither before nor after`,
    );
  }

  /** Writes side by side, in one order or the other, while others look on. */
  async #writeAtOnce(batches: readonly ModelBatch[], what: string): Promise<readonly Touch[]> {
    const { candles } = this.#storage;
    const touched = [...new Set(batches.map(({ series }) => series))];
    const before = touched.map((series) => this.#model.of(series));
    const looking = this.#look(touched);
    const [results, ...seen] = await Promise.all([
      Promise.all(batches.map((batch) => candles.write(this.#input(batch)))),
      looking,
      this.#look(touched),
    ]);
    const last = await this.#look(touched);
    // A listener may have read between the two.
    this.#heard = [];
    const known = [before];
    const orders = [batches, batches.toReversed()].filter((order) => {
      for (const [i, state] of before.entries()) this.#model.put(touched[i] ?? 0, state);
      const between: ModelSeries[][] = [];
      const expected = order.map((batch) => {
        const result = this.#model.write([batch]);
        between.push(touched.map((series) => this.#model.of(series)));
        return result;
      });
      const isThis =
        isEqual(results, order === batches ? expected : expected.toReversed()) &&
        touched.every((series, i) => this.#isState(series, last[i], this.#model.of(series)));
      if (isThis) known.push(...between);
      return isThis;
    });
    assertTrue(orders.length > 0, `${what}: results and candles are of one write after the other`);
    // The last state is that of both.
    for (const [i, series] of touched.entries()) {
      this.#model.put(series, assertDefined(known.at(-1)?.[i], 'a state'));
    }
    for (const states of seen) {
      for (const [i, series] of touched.entries()) {
        const isKnown = known.some((all) => {
          const state = all[i];
          return state !== undefined && this.#isState(series, states[i], state);
        });
        assertTrue(
          isKnown,
          `${what}: a snapshot of ${this.#world.name(series)} meanwhile is of one state`,
        );
      }
    }
    return batches;
  }

  #look(series: readonly number[]): Promise<LookedAt[]> {
    const requests = series.map((one) => ({
      ...this.#world.key(one),
      ranges: [{ candles: 'always' as const }],
    }));
    return this.#storage.candles.snapshots(requests).then((snapshots) =>
      snapshots.map(({ coverage, ranges: [part] }) => ({
        coverage,
        candles: part?.candles?.toArray() ?? [],
      })),
    );
  }

  #isState(
    series: number,
    looked: LookedAt | undefined,
    { candles, ledger }: ModelSeries,
  ): boolean {
    const expected = [...candles].sort(([a], [b]) => a - b).map(([, candle]) => candle);
    return (
      looked !== undefined &&
      isEqual(looked.candles, expected) &&
      isEqual(
        looked.coverage.map(withoutTime),
        ledger.map((one) => withoutTime({ ...one, ...this.#world.time(series, one) })),
      )
    );
  }

  async #checkSnapshots(
    { requests }: StorageCommand & { kind: 'snapshots' },
    what: string,
  ): Promise<void> {
    const asked = requests.map(({ series, ranges }) => ({
      ...this.#world.key(series),
      ranges: ranges.map(({ candles, ...selection }) => {
        const latest = this.#revisions.get(this.#rangeName(series, selection.range)) ?? '';
        const known = { 'has-others': 'others', 'has-latest': latest };
        const wanted =
          candles === 'has-others' || candles === 'has-latest'
            ? { unless: known[candles] }
            : candles;
        return { ...this.#selection(series, selection), candles: wanted };
      }),
    }));
    const snapshots = await this.#storage.candles.snapshots(asked);
    assertEqual(snapshots.length, requests.length, `${what}: how many there are`);
    for (const [i, { series, ranges }] of requests.entries()) {
      const { key, extent, coverage, ranges: parts } = assertDefined(snapshots[i], what);
      assertEqual(key, this.#world.key(series), `${what} ${i}: the key`);
      const periods = this.#model.periods(series, EVER).map(([at]) => at);
      const [first = 0, last = 0] = [periods[0], periods.at(-1)];
      const expected =
        periods.length === 0 ? undefined : this.#world.time(series, { from: first, to: last + 1 });
      assertEqual(extent, expected, `${what} ${i}: the extent`);
      this.#assertLedger(series, coverage, this.#model.of(series).ledger, `${what} ${i}`);
      assertEqual(parts.length, ranges.length, `${what} ${i}: how many ranges there are`);
      for (const [j, range] of ranges.entries()) {
        const { revision, candles } = assertDefined(parts[j], what);
        this.#revisions.set(this.#rangeName(series, range.range), revision);
        const wish = assertDefined(asked[i]?.ranges[j], 'a wish').candles;
        const isWanted = typeof wish === 'object' ? wish.unless !== revision : wish === 'always';
        const wanted = isWanted ? this.#selected(series, range) : undefined;
        if (wanted === undefined)
          assertEqual(candles, undefined, `${what} ${i}: candles of range ${j}`);
        else assertCandles(candles?.toArray() ?? [], wanted, `${what} ${i}: range ${j}`);
        assertTrue(
          isWanted === (candles !== undefined),
          `${what} ${i}: candles of range ${j} are there if wanted`,
        );
      }
    }
  }

  /** Every change is heard of before the call resolves, and nothing else is. */
  #checkEvents(effects: readonly Effect[], what: string): void {
    for (const [series, { candles, coverage, announced, covers }] of effects.entries()) {
      const events = this.#events.filter(
        (event) => 'key' in event && isEqual(event.key, this.#world.key(series)),
      );
      for (const [type, changed] of [
        ['candles', joinSpans(candles, announced)],
        ['coverage', joinSpans(coverage, announced)],
      ] as const) {
        const heard = events.flatMap((event) => (event.type === type ? [event.interval] : []));
        const who = `${what}: the events about ${type} of ${this.#world.name(series)}`;
        if (changed === undefined) {
          if (type === 'candles' || !covers) assertEqual(heard, [], who);
          continue;
        }
        const { from, to } = this.#world.time(series, changed);
        const [first, last] = [
          Math.min(...heard.map((one) => one.from)),
          Math.max(...heard.map((one) => one.to)),
        ];
        assertTrue(
          first <= from && to <= last,
          `${who} reach from ${from} to ${to}, not ${first} to ${last}`,
        );
      }
    }
    const others = this.#events.filter(
      (event) => !('key' in event) || !this.#world.keys.some((key) => isEqual(key, event.key)),
    );
    assertEqual(others, [], `${what}: events about anything else`);
  }

  #forgetRevisions(): void {
    this.#revisions.clear();
    this.#watched.forget();
  }

  async #compareAll(what: string): Promise<void> {
    const { candles, coverage, metadata, integrity, capabilities } = this.#storage;
    for (const [series, key] of this.#world.keys.entries()) {
      const all = this.#model.read(series, EVER);
      const who = `${this.#world.name(series)} ${what}`;
      assertCandles((await candles.read(key)).toArray(), all, who);
      this.#assertLedger(series, await coverage.of(key), this.#model.of(series).ledger, who);
      if (!capabilities.revisions) continue;
      const ranges = WATCHED.flatMap((range) => this.#world.interval(series, range) ?? []);
      const [snapshot] = await candles.snapshots([{ ...key, ranges }]);
      const texts = snapshot?.ranges.map(({ revision }) => revision);
      assertEqual(
        await candles.revisions(key, ranges),
        texts,
        `${who}: revisions and those of a snapshot`,
      );
    }
    assertEqual(await candles.list(), this.#listed(), `the list ${what}`);
    const { size } = await this.#storage.stats();
    const counts = this.#listed().map(({ count }) => count);
    assertEqual(
      [size.series, size.candles],
      [counts.length, counts.reduce((sum, count) => sum + count, 0)],
      `the size ${what}: series and candles`,
    );
    for (const [name, value] of this.#model.documents) {
      assertEqual(await metadata.get(name), value, `the document ${name} ${what}`);
    }
    const report = await integrity?.check();
    assertEqual(report?.problems ?? [], [], `problems that an integrity check finds ${what}`);
  }

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
  ): void {
    const times = expected.map((one) => ({
      ...withoutTime(one),
      ...this.#world.time(series, one),
    }));
    assertEqual(actual.map(withoutTime), times, `${what}: the coverage`);
    for (const [i, { collectedAt }] of expected.entries()) {
      if (collectedAt === undefined || Number.isNaN(collectedAt)) continue;
      assertEqual(actual[i]?.collectedAt, collectedAt, `${what}: when coverage ${i} was collected`);
    }
  }

  #selected(series: number, { range, limit, take }: ModelSelection): Candle[] {
    const byDefault = range.from === undefined ? 'last' : 'first';
    return this.#model.read(series, this.#world.span(range), limit, take ?? byDefault);
  }

  #batch({ series, pages, covers, source, replaces }: ModelWrite): ModelBatch {
    const candles = new Map<number, Candle>();
    for (const page of pages) {
      for (const [at, version] of this.#world.periods(page)) {
        candles.set(at, modelCandle(this.#world.at(series, at), version));
      }
    }
    return {
      series,
      candles,
      covers: covers.map((range) => this.#world.whole(range)),
      source,
      replaces,
    };
  }

  /** As an exchange sends them, or worse: newest first, and one of them twice. */
  #input({ series, candles, covers, source, replaces }: ModelBatch): CandleBatch {
    const all = [...candles.values()];
    const [first] = all;
    const twice = first === undefined ? [] : [sampleCandle(first.timestamp, 9)];
    const input = all.length % 2 === 0 ? [...twice, ...all] : [...twice, ...all.toReversed()];
    const { timeframe } = this.#world.key(series);
    // The batch's key counts, not that of a series in it.
    const columns = () =>
      CandleSeries.from(
        { symbol: 'another', timeframe },
        all.sort((a, b) => a.timestamp - b.timestamp),
      );
    const intervals = covers.map((span) => this.#world.time(series, span));
    const [only, ...more] = intervals;
    return {
      key: this.#world.key(series),
      candles: all.length % 3 === 0 ? columns() : input,
      covers: more.length === 0 ? only : intervals,
      source,
      replaces,
    };
  }

  #selection(series: number, { range, limit, take }: ModelSelection) {
    return { ...this.#world.bounds(series, range), limit, take };
  }

  #rangeName(series: number, range: ModelRange): string {
    return JSON.stringify([series, range]);
  }
}

interface LookedAt {
  readonly candles: readonly Candle[];
  readonly coverage: readonly CoverageEntry[];
}

/** Where candles and coverage of two states differ. */
function differenceOf(
  before: ModelSeries,
  after: ModelSeries,
): Pick<Effect, 'changed' | 'candles' | 'coverage'> {
  const changed = [...new Set([...before.candles.keys(), ...after.candles.keys()])].filter(
    (at) => !isEqual(before.candles.get(at), after.candles.get(at)),
  );
  let coverage: Span | undefined;
  const bounds = [...before.ledger, ...after.ledger].flatMap(({ from, to }) => [from, to]);
  const edges = [...new Set(bounds)].sort((a, b) => a - b);
  for (const [i, from] of edges.entries()) {
    if (sourceAt(before, from) === sourceAt(after, from)) continue;
    coverage = joinSpans(coverage, { from, to: edges[i + 1] ?? from });
  }
  const candles =
    changed.length === 0 ? undefined : { from: Math.min(...changed), to: Math.max(...changed) + 1 };
  return { changed, candles, coverage };
}

function sourceAt({ ledger }: ModelSeries, at: number): string | undefined {
  return ledger.find(({ from, to }) => from <= at && at < to)?.source;
}

/** The timestamps first: their difference says more than two long lists. */
export function assertCandles(
  actual: readonly Candle[],
  expected: readonly Candle[],
  what: string,
): void {
  assertEqual(actual.map(timeOf), expected.map(timeOf), `${what}: timestamps`);
  for (const [i, candle] of expected.entries()) {
    if (!isEqual(actual[i], candle)) assertEqual(actual[i], candle, `${what}: candle ${i}`);
  }
}

function timeOf({ timestamp }: Candle): number {
  return timestamp;
}

function withoutTime({ from, to, source }: Interval & { readonly source: string }) {
  return { from, to, source };
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
