import {
  type CandleColumns,
  type Interval,
  intersectIntervals,
  type SeriesKey,
  subtractIntervals,
} from '@barkeep/core';
import { EVER } from '@barkeep/storage';
import { type BackupFigures, figuresBy } from './backup-figures.ts';
import { readChanges } from './backup-record.ts';
import type { BackupSteps, ProgressOf } from './backup-steps.ts';
import type { SeriesTable } from './series-table.ts';
import { SqliteArchive } from './sqlite-archive.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

/** One file of a chain of backups, open: a full backup, or an increment over the layers below it. */
export class BackupLayer {
  readonly driver: SqliteDriver;
  readonly #archive: SqliteArchive;
  readonly #below: BackupLayer | undefined;

  /** `below`: what it continues. */
  constructor(driver: SqliteDriver, below?: BackupLayer) {
    this.driver = driver;
    this.#archive = new SqliteArchive(driver, 0);
    this.#below = below;
  }

  get series(): SeriesTable {
    return this.#archive.series;
  }

  /** The candles of a series in a range, some at a time, as they are when all layers lie on each other. */
  *read(key: SeriesKey, range: Interval): Generator<CandleColumns, void, void> {
    const below = this.#below;
    if (below === undefined) {
      yield* this.readOwn(key, range);
      return;
    }
    const own = intersectIntervals(this.changesOf(key), [range]);
    const parts = [
      ...own.map((part) => ({ part, isOwn: true })),
      ...subtractIntervals([range], own).map((part) => ({ part, isOwn: false })),
    ].sort((a, b) => a.part.from - b.part.from);
    for (const { part, isOwn } of parts) {
      yield* isOwn ? this.readOwn(key, part) : below.read(key, part);
    }
  }

  /** Those of this file alone. */
  *readOwn(key: SeriesKey, range: Interval): Generator<CandleColumns, void, void> {
    yield* this.#archive.pieces(key, range);
  }

  /** Where this increment has the candles of a series. */
  changesOf(key: SeriesKey): Interval[] {
    const row = this.series.find(key);
    return row === undefined ? [] : readChanges(this.driver, row.id);
  }

  /** The figures of all layers together. */
  figures(progress: ProgressOf): BackupSteps<BackupFigures> {
    return figuresBy(this.#archive, (key) => this.read(key, EVER), progress);
  }
}
