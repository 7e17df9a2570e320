import { type Interval, isTimeframe, normalizeIntervals } from '@barkeep/core';
import { EVER, revisionBucketRange } from '@barkeep/storage';
import type { SeriesChanges } from './backup-record.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { PARAMETER } from './unpeeked-parameter.ts';

interface ArchivedState {
  readonly id: number;
  readonly symbol: string;
  readonly timeframe: string;
  /** Of the buckets that have none of their own. */
  readonly revision: string | null;
}

/**
 * Where candles may differ from those of an older copy of the database: in each bucket that has another
 * revision. Equal revisions stand for equal candles, whatever became of either copy since.
 */
export function changedSince(now: SqliteDriver, before: SqliteDriver): SeriesChanges[] {
  const older = new Map(statesOf(before).map((state) => [nameOf(state), state]));
  return statesOf(now).flatMap((state) => {
    const { id, timeframe, revision } = state;
    if (!isTimeframe(timeframe)) return [];
    const known = older.get(nameOf(state));
    // Under another number it is another series to whoever puts the two together.
    if (known?.id !== id || known.revision !== revision) return [{ id, ranges: [EVER] }];
    const [own, others] = [bucketsOf(now, id), bucketsOf(before, known.id)];
    const changed = [...new Set([...own.keys(), ...others.keys()])].filter(
      (bucket) => own.get(bucket) !== others.get(bucket),
    );
    const ranges: Interval[] = changed.map((bucket) => revisionBucketRange(timeframe, bucket));
    return ranges.length === 0 ? [] : [{ id, ranges: normalizeIntervals(ranges) }];
  });
}

function statesOf(driver: SqliteDriver): ArchivedState[] {
  return driver
    .prepare<readonly [id: number, symbol: string, timeframe: string, revision: string | null]>(
      'SELECT id, symbol, timeframe, revision FROM series',
    )
    .all([])
    .map(([id, symbol, timeframe, revision]) => ({ id, symbol, timeframe, revision }));
}

function bucketsOf(driver: SqliteDriver, seriesId: number): Map<number, string> {
  return new Map(
    driver
      .prepare<readonly [bucket: number, revision: string]>(
        `SELECT bucket, revision FROM revisions WHERE series_id = ${PARAMETER}`,
      )
      .all([seriesId]),
  );
}

function nameOf({ symbol, timeframe }: ArchivedState): string {
  return JSON.stringify([symbol, timeframe]);
}
