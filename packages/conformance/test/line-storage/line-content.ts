import {
  allocateColumns,
  type CandleColumns,
  CandleSeries,
  COLUMN_NAMES,
  type Interval,
  OPTIONAL_COLUMNS,
  type SeriesKey,
  seriesKeyText,
  type Timeframe,
  timeframeGrid,
} from '@barkeep/core';
import {
  addCoverageEntries,
  type ChangeEvent,
  type CoverageEntry,
  EVER,
  removeCoverageRange,
  revisionBuckets,
} from '@barkeep/storage';

interface Lease {
  readonly owner: string;
  readonly until: number;
}

/** One series as it is after some line; the next line makes a new one. */
export interface LineSeries {
  readonly key: SeriesKey;
  readonly candles: CandleSeries;
  readonly coverage: readonly CoverageEntry[];
  /** The latest change in each bucket of periods: `<number of the change>.<its revision>`. */
  readonly marks: ReadonlyMap<number, string>;
  /** The latest change of buckets that have no later mark of their own. */
  readonly markOfAll: string | undefined;
  /** How many candles lines have of it that are not compacted. */
  readonly loose: number;
  readonly isCompact: boolean;
}

/** What the lines of a file say, up to one of them. */
export interface LineContent {
  readonly origin: string;
  readonly revision: string;
  readonly changes: number;
  readonly series: ReadonlyMap<string, LineSeries>;
  readonly documents: ReadonlyMap<string, string>;
  readonly leases: ReadonlyMap<string, Lease>;
}

interface ColumnsOfSeries extends SeriesKey {
  /** In the order of `REQUIRED_COLUMNS`. */
  readonly columns: readonly (readonly (number | null)[])[];
}

/** What a line does, in steps. */
export type Step =
  | (ColumnsOfSeries & { readonly type: 'candles' })
  | (SeriesKey & Interval & { readonly type: 'remove' | 'uncover' | 'announce' })
  | (SeriesKey & { readonly type: 'cover'; readonly entries: readonly CoverageEntry[] })
  | { readonly type: 'document'; readonly key: string; readonly text?: string }
  | ({ readonly type: 'lease'; readonly name: string } & Lease)
  | (ColumnsOfSeries &
      Omit<LineSeries, 'key' | 'candles' | 'marks'> & {
        readonly type: 'series';
        readonly marks: readonly (readonly [bucket: number, mark: string])[];
      });

/** What a line changes, not yet shown to anybody. */
export interface Draft {
  readonly content: LineContent;
  readonly mark: string;
  readonly series: Map<string, LineSeries>;
  readonly rest: ((documents: Map<string, string>, leases: Map<string, Lease>) => unknown)[];
  /** The content with it. The one before must not be used any more. */
  commit(revision: string): LineContent;
}

export function emptyContent(origin: string, revision: string, changes: number): LineContent {
  return { origin, revision, changes, series: new Map(), documents: new Map(), leases: new Map() };
}

export function draftOf(content: LineContent, mark: string): Draft {
  const series = new Map<string, LineSeries>();
  const rest: Draft['rest'] = [];
  const commit = (revision: string): LineContent => {
    const all = {
      series: new Map(content.series),
      documents:
        rest.length > 0 ? new Map(content.documents) : (content.documents as Map<string, string>),
      leases: rest.length > 0 ? new Map(content.leases) : (content.leases as Map<string, Lease>),
    };
    for (const [text, one] of series) all.series.set(text, one);
    for (const change of rest) change(all.documents, all.leases);
    const changes = content.changes + (revision === content.revision ? 0 : 1);
    return { origin: content.origin, revision, changes, ...all };
  };
  return { content, mark, series, rest, commit };
}

/** A series as a draft has it so far. */
export function seriesIn({ content, series }: Draft, { symbol, timeframe }: SeriesKey): LineSeries {
  const key = { symbol, timeframe };
  const text = seriesKeyText(key);
  return (
    series.get(text) ??
    content.series.get(text) ?? {
      key,
      candles: CandleSeries.empty(key),
      coverage: [],
      marks: new Map(),
      markOfAll: undefined,
      loose: 0,
      isCompact: false,
    }
  );
}

/** Makes a step in a draft, and returns what others hear of it. */
export function applyStep(draft: Draft, step: Step): ChangeEvent[] {
  if (step.type === 'document') {
    const { key, text } = step;
    draft.rest.push((documents) =>
      text === undefined ? documents.delete(key) : documents.set(key, text),
    );
    return [];
  }
  if (step.type === 'lease') {
    const { name, owner, until } = step;
    draft.rest.push((_, leases) => leases.set(name, { owner, until }));
    return [];
  }
  const before = seriesIn(draft, step);
  const { key } = before;
  const [after, candles, coverage] = changed(before, step, draft.mark);
  draft.series.set(seriesKeyText(key), after);
  const origin = 'remote';
  return [
    ...candles.map((interval) => ({ type: 'candles', key, interval, origin }) as const),
    ...coverage.map((interval) => ({ type: 'coverage', key, interval, origin }) as const),
  ];
}

type SeriesStep = Exclude<Step, { readonly type: 'document' | 'lease' }>;
type Changed = [after: LineSeries, candles: readonly Interval[], coverage: readonly Interval[]];

function changed(before: LineSeries, step: SeriesStep, mark: string): Changed {
  const { key } = before;
  if (step.type === 'series') {
    const { coverage, marks, markOfAll, loose, isCompact } = step;
    const candles = seriesOf(key, step);
    return [{ key, candles, coverage, marks: new Map(marks), markOfAll, loose, isCompact }, [], []];
  }
  if (step.type === 'candles') {
    const added = seriesOf(key, step);
    const candles = CandleSeries.merge(before.candles, added);
    const loose = before.loose + added.length;
    const next = { ...before, candles, loose, ...marked(before, [...added.timestamp], mark) };
    return [next, [periodsOf(key, added)], []];
  }
  if (step.type === 'cover') {
    const coverage = addCoverageEntries(before.coverage, step.entries);
    return [{ ...before, coverage }, [], step.entries.map(({ from, to }) => ({ from, to }))];
  }
  const { from, to } = step;
  if (step.type === 'uncover') {
    const coverage = removeCoverageRange(before.coverage, { from, to });
    return [{ ...before, coverage }, [], [{ from, to }]];
  }
  if (step.type === 'announce') {
    return [{ ...before, ...markedRange(before, step, mark) }, [{ from, to }], [{ from, to }]];
  }
  const gone = before.candles.between(from, to);
  const candles = CandleSeries.concat(key, [
    before.candles.between(EVER.from, from),
    before.candles.between(to, EVER.to),
  ]).copy();
  const coverage = removeCoverageRange(before.coverage, { from, to });
  const loose = before.loose + gone.length;
  const next = {
    ...before,
    candles,
    coverage,
    loose,
    ...marked(before, [...gone.timestamp], mark),
  };
  return [next, gone.length > 0 ? [{ from, to }] : [], [{ from, to }]];
}

function seriesOf(key: SeriesKey, { columns }: ColumnsOfSeries): CandleSeries {
  const present = OPTIONAL_COLUMNS.filter((name) => {
    return columns[COLUMN_NAMES.indexOf(name)]?.some((value) => value !== null);
  });
  const all: CandleColumns = allocateColumns(columns[0]?.length ?? 0, present);
  for (const [i, name] of COLUMN_NAMES.entries()) {
    all[name]?.set((columns[i] ?? []).map((value) => value ?? Number.NaN));
  }
  return CandleSeries.fromTrustedColumns(key, all);
}

function periodsOf(
  { timeframe }: SeriesKey,
  { firstTimestamp, lastTimestamp }: CandleSeries,
): Interval {
  return { from: firstTimestamp, to: timeframeGrid(timeframe as Timeframe).shift(lastTimestamp) };
}

type Marks = Pick<LineSeries, 'marks' | 'markOfAll'>;

function marked(
  { key, marks, markOfAll }: LineSeries,
  timestamps: readonly number[],
  mark: string,
): Marks {
  const all = new Map(marks);
  for (const at of timestamps) {
    all.set(revisionBuckets(key.timeframe, { from: at, to: at + 1 }).first, mark);
  }
  return { marks: all, markOfAll };
}

function markedRange({ key, marks, markOfAll }: LineSeries, range: Interval, mark: string): Marks {
  const { first, last, areMany } = revisionBuckets(key.timeframe, range);
  if (areMany) return { marks: new Map(), markOfAll: mark };
  const all = new Map(marks);
  for (let bucket = first; bucket <= last; bucket += 1) all.set(bucket, mark);
  return { marks: all, markOfAll };
}

/** The latest change in a range. */
export function revisionOf(
  { origin, series }: LineContent,
  key: SeriesKey,
  range: Interval,
): string {
  const { first, last } = revisionBuckets(key.timeframe, range);
  const { marks, markOfAll } = series.get(seriesKeyText(key)) ?? {};
  let latest = markOfAll ?? `0.${origin}`;
  for (const [bucket, mark] of marks ?? []) {
    if (first <= bucket && bucket <= last && numberOf(mark) > numberOf(latest)) latest = mark;
  }
  return latest;
}

function numberOf(mark: string): number {
  return Number(mark.slice(0, mark.indexOf('.')));
}
