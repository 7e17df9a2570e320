import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BarkeepError,
  CandleSeries,
  COLUMN_NAMES,
  candleComparison,
  fileFailure,
  type Interval,
  runCooperatively,
  type SeriesKey,
  seriesKeyText,
  systemCode,
  throwIfAborted,
  timeframeGrid,
} from '@barkeep/core';
import {
  AbstractMarketDataStorage,
  type AbstractStorageOptions,
  type BatchOutcome,
  type ChangeEvent,
  type CheckedBatch,
  type CheckedQuery,
  type CheckedSnapshotRequest,
  type CompactionReport,
  type CoverageEntry,
  coverageWithin,
  type LeaseRequest,
  type RemovalOutcome,
  randomRevision,
  type SeriesFilter,
  type SeriesInfo,
  type SeriesSnapshot,
  type StorageSize,
  uncoveredPart,
  wantsCandles,
} from '@barkeep/storage';
import {
  applyStep,
  type Draft,
  draftOf,
  emptyContent,
  type LineContent,
  type LineSeries,
  revisionOf,
  type Step,
  seriesIn,
} from './line-content.ts';

export interface LineStorageOptions extends AbstractStorageOptions {
  readonly path: string;
  /**
   * Whether a write waits for the disk. Default: true. Without, it survives the end of the process, not a
   * power cut.
   */
  readonly sync?: boolean;
  /** How long a call waits for another process that writes. Default: 10,000 ms. */
  readonly busyTimeoutMs?: number;
  /** How often subscribers look for changes of other handles. Default: 20 ms. */
  readonly pollMs?: number;
}

/** A line is a transaction: it counts once it ends, and only after the line it says it follows. */
interface Line {
  readonly after: string;
  readonly revision: string;
  readonly steps: readonly Step[];
}

interface Header {
  readonly format: 'barkeep-lines';
  readonly origin: string;
  /** Of the last line that what follows stands for. */
  readonly revision: string;
  /** How many changes there were. */
  readonly changes: number;
}

const BYTES_PER_ROW = 80;

/** Candles in one file of JSON lines, which only grows until it is compacted, and an index in memory. */
export class LineStorage extends AbstractMarketDataStorage {
  protected readonly path: string;
  readonly #isSynced: boolean;
  readonly #busyTimeoutMs: number;
  readonly #pollMs: number;
  #file: number | undefined;
  /** Which state of which file has been read: nothing is read while it is the same. */
  #seen = '';
  #inode = 0n;
  /** The bytes of whole lines that have been read. */
  protected end = 0;
  protected content: LineContent = emptyContent('', '', 0);
  protected events: ChangeEvent[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  protected timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: LineStorageOptions) {
    super(
      'line-storage',
      {
        durability: (options.sync ?? true) ? 'power-loss' : 'process-crash',
        changes: 'shared',
        sharing: 'multi-process',
        revisions: true,
        maintenance: true,
      },
      options,
    );
    this.path = options.path;
    this.#isSynced = options.sync ?? true;
    this.#busyTimeoutMs = options.busyTimeoutMs ?? 10_000;
    this.#pollMs = options.pollMs ?? 20;
  }

  protected async _open(): Promise<void> {
    try {
      await this.locked(async () => {
        if (!hasWholeLine(this.path))
          this.replaceFile([headerOf(emptyContent(randomRevision(), randomRevision(), 0))]);
        this.load();
      });
    } catch (error) {
      this.#closeFile();
      throw error;
    }
    this.events = [];
  }

  protected async _close(): Promise<void> {
    this._unwatchChanges();
    this.#closeFile();
  }

  protected async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
    return this.transact((draft, take) => writeBatches(batches, draft, take));
  }

  protected async _read({ key, from, to, limit, take }: CheckedQuery): Promise<CandleSeries> {
    return this.select(this.current().series.get(seriesKeyText(key)), {
      key,
      from,
      to,
      limit,
      take,
    });
  }

  protected override async _snapshots(
    requests: readonly CheckedSnapshotRequest[],
  ): Promise<SeriesSnapshot[]> {
    const content = this.current();
    return requests.map(({ key, ranges }) => {
      const series = content.series.get(seriesKeyText(key));
      return {
        key,
        extent: extentOf(series),
        coverage: (series?.coverage ?? []).map((entry) => ({ ...entry })),
        ranges: ranges.map((range) => {
          const revision = revisionOf(content, key, range);
          const candles = wantsCandles(range, revision)
            ? this.select(series, { ...range, key })
            : undefined;
          return { revision, candles };
        }),
      };
    });
  }

  protected override async _revisions(
    key: SeriesKey,
    ranges: readonly Interval[],
  ): Promise<string[]> {
    const content = this.current();
    return ranges.map((range) => revisionOf(content, key, range));
  }

  protected override async _announce(key: SeriesKey, range: Interval): Promise<void> {
    await this.#step({ type: 'announce', ...key, ...range });
  }

  protected async _remove(key: SeriesKey, range: Interval): Promise<RemovalOutcome> {
    return this.transact(function* (draft, take) {
      const { candles, coverage } = seriesIn(draft, key);
      const removed = candles.between(range.from, range.to).length;
      const covered = coverageWithin(coverage, range.from, range.to);
      if (removed > 0 || covered.length > 0) take({ type: 'remove', ...key, ...range });
      yield;
      return { removed };
    });
  }

  protected async _list({ symbol, timeframe }: SeriesFilter): Promise<SeriesInfo[]> {
    return [...this.current().series.values()]
      .filter(({ candles }) => candles.length > 0)
      .filter(({ key }) => symbol === undefined || key.symbol === symbol)
      .filter(({ key }) => timeframe === undefined || key.timeframe === timeframe)
      .map(({ key, candles }) => ({
        ...key,
        count: candles.length,
        first: candles.firstTimestamp,
        last: candles.lastTimestamp,
      }));
  }

  protected async _addCoverage(key: SeriesKey, entry: CoverageEntry): Promise<void> {
    await this.#step({ type: 'cover', ...key, entries: [entry] });
  }

  protected async _coverageOf(key: SeriesKey, { from, to }: Interval): Promise<CoverageEntry[]> {
    const series = this.current().series.get(seriesKeyText(key));
    return coverageWithin(series?.coverage ?? [], from, to);
  }

  protected async _removeCoverage(key: SeriesKey, range: Interval): Promise<void> {
    await this.#step({ type: 'uncover', ...key, ...range });
  }

  protected async _getMetadata(key: string): Promise<string | undefined> {
    return this.current().documents.get(key);
  }

  protected async _setMetadata(key: string, text: string): Promise<void> {
    await this.#step({ type: 'document', key, text });
  }

  protected async _deleteMetadata(key: string): Promise<boolean> {
    return this.transact(function* (draft, take) {
      const isThere = draft.content.documents.has(key);
      if (isThere) take({ type: 'document', key });
      yield;
      return isThere;
    });
  }

  protected async _metadataKeys(prefix: string): Promise<string[]> {
    return [...this.current().documents.keys()].filter((key) => key.startsWith(prefix));
  }

  protected async _size(): Promise<StorageSize> {
    const series = await this._list({});
    const candles = series.reduce((sum, { count }) => sum + count, 0);
    return { series: series.length, candles, bytes: this.end };
  }

  protected override async _lease({ name, owner, forMs }: LeaseRequest): Promise<boolean> {
    const now = this.clock.now();
    return this.transact(function* (draft, take) {
      const held = draft.content.leases.get(name);
      const isOthers = held !== undefined && held.owner !== owner && held.until > now;
      if (!isOthers) take({ type: 'lease', name, owner, until: now + forMs });
      yield;
      return forMs === 0 || !isOthers;
    });
  }

  protected override async _explain(filter: SeriesFilter): Promise<CompactionReport> {
    return compactionOf(this.current(), filter);
  }

  protected override async _compact(
    filter: SeriesFilter,
    signal: AbortSignal | undefined,
  ): Promise<CompactionReport> {
    return this.locked(async () => {
      const content = this.catchUp();
      const report = compactionOf(content, filter);
      if (report.series === 0) return report;
      const lines = await runCooperatively(this.compactLines(content, filter), signal);
      throwIfAborted(signal);
      this.replaceFile(lines);
      this.load();
      return report;
    });
  }

  protected override _watchChanges(): void {
    this.catchUp();
    this.events = [];
    this.timer = setInterval(() => this.#look(), this.#pollMs);
    this.timer.unref();
  }

  protected override _unwatchChanges(): void {
    clearInterval(this.timer);
  }

  /** What is stored now, by whomever. */
  protected current(): LineContent {
    const content = this.catchUp();
    this.#publishEvents();
    return content;
  }

  /** Makes bytes part of an open file: all of them, and safe from a power cut. */
  protected append(file: number, bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, position + done);
    }
    this.sync(file);
  }

  protected select(series: LineSeries | undefined, query: CheckedQuery): CandleSeries {
    return select(series, query);
  }

  protected decode(bytes: Buffer): string {
    return bytes.toString();
  }

  /** The lines of a file that says the same in as few words. */
  protected compactLines(
    content: LineContent,
    filter: SeriesFilter,
  ): Generator<void, string[], void> {
    return compactLines(content, filter);
  }

  /** Makes a step that was just taken, or read. */
  protected apply(draft: Draft, step: Step): ChangeEvent[] {
    return applyStep(draft, step);
  }

  protected sync(file: number): void {
    if (this.#isSynced) fsyncSync(file);
  }

  #look(): void {
    try {
      this.current();
    } catch (error) {
      this.reportFailure('change-feed', error);
      this.publish({ type: 'lagged' });
    }
  }

  async #step(step: Step): Promise<void> {
    await this.transact(function* (_, take) {
      take(step);
      yield;
    });
  }

  /** Decides on steps by what is stored, keeps them in one line, and only then shows what they make. */
  protected async transact<T>(
    decide: (draft: Draft, take: (step: Step) => void) => Generator<void, T, void>,
  ): Promise<T> {
    return this.locked(async () => {
      const content = this.catchUp();
      const revision = randomRevision();
      const draft = draftOf(content, `${content.changes + 1}.${revision}`);
      const texts: string[] = [];
      const take = (step: Step): void => {
        this.apply(draft, step);
        texts.push(JSON.stringify(step));
      };
      const answer = await runCooperatively(decide(draft, take));
      if (texts.length === 0) return answer;
      this.writeLine(
        `{"after":"${content.revision}","revision":"${revision}","steps":[${texts.join()}]}\n`,
      );
      this.content = draft.commit(revision);
      return answer;
    });
  }

  protected writeLine(line: string): void {
    const file = this.openFile();
    const bytes = Buffer.from(line);
    try {
      // What a process that was killed has left of a line.
      if (fstatSync(file).size > this.end) ftruncateSync(file, this.end);
      this.append(file, bytes, this.end);
    } catch (error) {
      ftruncateSync(file, this.end);
      throw fileFailure(error, this.path);
    }
    this.end += bytes.length;
    this.#seen = stateOf(statSync(this.path, { bigint: true }));
  }

  /** One after the other, over all handles of all processes. Listeners hear of what others did afterwards. */
  protected locked<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      const unlock = await lock(this.path, this.#busyTimeoutMs);
      try {
        return await work();
      } finally {
        unlock();
        this.#publishEvents();
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #publishEvents(): void {
    for (const event of this.events.splice(0)) this.publish(event);
  }

  /** Reads the lines that others have added. */
  protected catchUp(): LineContent {
    try {
      const stat = statSync(this.path, { bigint: true });
      if (stateOf(stat) === this.#seen) return this.content;
      if (stat.ino !== this.#inode || stat.size < this.end || !this.readLines(Number(stat.size))) {
        const { revision, origin } = this.content;
        this.load();
        if (origin !== this.content.origin) throw replaced(this.path);
        if (revision !== this.content.revision) this.events = [{ type: 'lagged' }];
      } else this.#seen = stateOf(stat);
      return this.content;
    } catch (error) {
      throw fileFailure(error, this.path);
    }
  }

  /** Reads the file at the path from its beginning. */
  protected load(): void {
    this.#closeFile();
    const stat = fstatSync(this.openFile(), { bigint: true });
    const bytes = readFileSync(this.path);
    const start = bytes.indexOf('\n') + 1;
    const { origin, revision, changes } = parseHeader(bytes.toString('utf8', 0, start), this.path);
    this.content = emptyContent(origin, revision, changes);
    this.end = start;
    if (!this.readLines(Number(stat.size))) throw damaged(this.path, this.end);
    this.events = [];
    this.#inode = stat.ino;
    this.#seen = stateOf(stat);
  }

  /** Returns whether all lines up to an offset follow what has been read. */
  protected readLines(size: number): boolean {
    const bytes = Buffer.alloc(size - this.end);
    readSync(this.openFile(), bytes, 0, bytes.length, this.end);
    let start = 0;
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
      const line = parseLine(this.decode(bytes.subarray(start, end)), this.path, this.end);
      if (line.after !== this.content.revision) return false;
      const { changes, revision } = this.content;
      // The lines of a compacted state change nothing.
      const change = line.revision === revision ? 0 : changes + 1;
      const draft = draftOf(this.content, `${change}.${line.revision}`);
      for (const step of line.steps) this.events.push(...this.apply(draft, step));
      this.content = draft.commit(line.revision);
      this.end += end + 1 - start;
      start = end + 1;
    }
    return true;
  }

  /** Puts a file of these lines in the place of the one that is there, in one step. */
  protected replaceFile(lines: readonly string[]): void {
    const temporary = `${this.path}.new`;
    const file = openSync(temporary, 'w');
    try {
      this.append(file, Buffer.from(`${lines.join('\n')}\n`), 0);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw fileFailure(error, this.path);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
    const directory = openSync(dirname(this.path), 'r');
    this.sync(directory);
    closeSync(directory);
  }

  protected openFile(): number {
    this.#file ??= openSync(this.path, 'r+');
    return this.#file;
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#seen = '';
  }
}

function* writeBatches(
  batches: readonly CheckedBatch[],
  draft: Draft,
  take: (step: Step) => void,
): Generator<void, BatchOutcome[], void> {
  const outcomes: BatchOutcome[] = [];
  for (const batch of batches) {
    const { key, source, collectedAt } = batch;
    const { candles: stored, coverage } = seriesIn(draft, key);
    const { series, covers } = uncoveredPart(batch, coverage);
    const changed: number[] = [];
    let inserted = 0;
    const isSame = candleComparison(series, stored);
    for (let i = 0; i < series.length; i += 1) {
      const at = series.timestamp[i] ?? Number.NaN;
      const j = stored.indexAtOrAfter(at);
      if (stored.timestamp[j] !== at) inserted += 1;
      else if (isSame(i, j)) continue;
      changed.push(i);
      if (i % 4_096 === 0) yield;
    }
    const columns = COLUMN_NAMES.map((column) => changed.map((i) => series[column]?.[i] ?? null));
    if (changed.length > 0) take({ type: 'candles', ...key, columns });
    if (covers.length > 0) {
      const entries = covers.map((interval) => ({ ...interval, source, collectedAt }));
      take({ type: 'cover', ...key, entries });
    }
    outcomes.push({
      inserted,
      updated: changed.length - inserted,
      unchanged: batch.series.length - changed.length,
      changed: stretchOf(
        key,
        changed.map((i) => series.timestamp[i] ?? Number.NaN),
      ),
    });
    yield;
  }
  return outcomes;
}

function stretchOf({ timeframe }: SeriesKey, timestamps: readonly number[]): Interval | undefined {
  const [from, last] = [timestamps[0], timestamps.at(-1)];
  if (from === undefined || last === undefined) return undefined;
  return { from, to: timeframeGrid(timeframe).shift(last) };
}

function select(
  series: LineSeries | undefined,
  { key, from, to, limit, take }: CheckedQuery,
): CandleSeries {
  if (series === undefined) return CandleSeries.empty(key);
  const found = series.candles.between(from, to);
  return (
    take === 'first' ? found.slice(0, limit) : found.slice(Math.max(0, found.length - limit))
  ).copy();
}

function extentOf(series: LineSeries | undefined): Interval | undefined {
  if (series === undefined || series.candles.length === 0) return undefined;
  const { key, candles } = series;
  return stretchOf(key, [candles.firstTimestamp, candles.lastTimestamp]);
}

function isChosen({ symbol, timeframe }: SeriesFilter, { key, loose }: LineSeries): boolean {
  return (
    loose > 0 &&
    (symbol ?? key.symbol) === key.symbol &&
    (timeframe ?? key.timeframe) === key.timeframe
  );
}

function compactionOf({ series }: LineContent, filter: SeriesFilter): CompactionReport {
  const { symbol, timeframe } = filter;
  const all = [...series.values()].filter(
    ({ key }) =>
      (symbol ?? key.symbol) === key.symbol && (timeframe ?? key.timeframe) === key.timeframe,
  );
  const chosen = all.filter((one) => isChosen(filter, one));
  const rowsBefore = chosen.reduce((sum, { loose }) => sum + loose, 0);
  const candles = all.reduce((sum, one) => sum + one.candles.length, 0);
  return {
    series: chosen.length,
    segmentsBefore: all.filter(({ isCompact }) => isCompact).length,
    segmentsAfter: all.filter(
      (one) => one.isCompact || (isChosen(filter, one) && one.candles.length > 0),
    ).length,
    rowsBefore,
    rowsAfter: 0,
    bytesBefore: (candles + rowsBefore) * BYTES_PER_ROW,
    bytesAfter: candles * BYTES_PER_ROW,
  };
}

function* compactLines(
  content: LineContent,
  filter: SeriesFilter,
): Generator<void, string[], void> {
  const { revision, documents, leases } = content;
  const lines = [headerOf(content)];
  const add = (step: Step): unknown =>
    lines.push(JSON.stringify({ after: revision, revision, steps: [step] } satisfies Line));
  for (const series of content.series.values()) {
    const { key, candles, coverage, marks, markOfAll } = series;
    const isCompacted = isChosen(filter, series);
    add({
      type: 'series',
      ...key,
      columns: COLUMN_NAMES.map((name) => textOf(candles[name])),
      coverage,
      marks: [...marks],
      markOfAll,
      loose: isCompacted ? 0 : series.loose,
      isCompact: isCompacted ? candles.length > 0 : series.isCompact,
    });
    yield;
  }
  for (const [key, text] of documents) add({ type: 'document', key, text });
  for (const [name, lease] of leases) add({ type: 'lease', name, ...lease });
  return lines;
}

function headerOf({ origin, revision, changes }: LineContent): string {
  return JSON.stringify({ format: 'barkeep-lines', origin, revision, changes } satisfies Header);
}

function parseHeader(text: string, path: string): Header {
  const header = parse(text) as Partial<Header> | undefined;
  if (header?.format === 'barkeep-lines') return header as Header;
  throw new BarkeepError('NOT_A_DATABASE', `${path} is not a file of candles`, {
    details: { path },
  });
}

function parseLine(text: string, path: string, offset: number): Line {
  const line = parse(text) as Line | undefined;
  if (Array.isArray(line?.steps)) return line;
  throw damaged(path, offset);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(path: string, offset: number): BarkeepError {
  const message = `${path} is damaged at byte ${offset}`;
  return new BarkeepError('CORRUPT', message, { details: { path, offset } });
}

function replaced(path: string): BarkeepError {
  const message = `${path} has been replaced by another file`;
  return new BarkeepError('CANNOT_OPEN', message, { details: { path } });
}

/** A file that was begun by a process that was killed has none. */
function hasWholeLine(path: string): boolean {
  try {
    return readFileSync(path).includes('\n');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileFailure(error, path);
  }
}

function stateOf(stat: { ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `${stat.ino}.${stat.size}.${stat.mtimeNs}`;
}

/** Locks a file for one handle of one process; what it returns unlocks it. Locks of dead processes do not count. */
async function lock(path: string, timeoutMs: number): Promise<() => void> {
  const place = `${path}.lock`;
  const own = `${place}.${process.pid}.${randomRevision()}`;
  const dueAt = performance.now() + timeoutMs;
  try {
    writeFileSync(own, String(process.pid));
    while (!isLinked(own, place)) {
      if (performance.now() > dueAt) throw busy(path, timeoutMs);
      if (!dropDeadLock(place, own)) await delay(1);
    }
  } catch (error) {
    throw fileFailure(error, path);
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(place, { force: true });
}

function isLinked(own: string, place: string): boolean {
  try {
    linkSync(own, place);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the lock away before it looks once more: another one may have dropped it, and locked, meanwhile. */
function dropDeadLock(place: string, own: string): boolean {
  if (isHeld(place)) return false;
  const aside = `${own}.aside`;
  try {
    renameSync(place, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
  if (isHeld(aside)) linkSync(aside, place);
  rmSync(aside);
  return true;
}

function isHeld(place: string): boolean {
  try {
    process.kill(Number(readFileSync(place, 'utf8')), 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function busy(path: string, timeoutMs: number): BarkeepError {
  const message = `another handle has locked ${path} for ${timeoutMs} ms`;
  return new BarkeepError('BUSY', message, { retryable: true, details: { path } });
}

/** Numbers as JSON has them: there is no NaN. */
function textOf(column: Float64Array | undefined): (number | null)[] {
  return Array.from(column ?? [], (value) => (Number.isNaN(value) ? null : value));
}
