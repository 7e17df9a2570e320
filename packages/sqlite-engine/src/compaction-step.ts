import type { EpochMs } from '@barkeep/core';
import type { CompactionReport } from '@barkeep/storage';

/** How the candles of a series are stored. */
export interface ArchiveFigures {
  readonly segments: number;
  readonly rows: number;
  /** Of the segments, and of the rows by estimate. */
  readonly bytes: number;
}

/** What one step of a compaction replaced, and by what. */
export interface CompactionStep {
  readonly removed: ArchiveFigures;
  readonly added: ArchiveFigures;
  /** Where the next step begins. */
  readonly next: EpochMs;
}

/** What SQLite needs for a candle in a row of its own, with its share of the tree above. */
const BYTES_PER_ROW = 64;

export function archiveFigures(
  segments: number,
  segmentBytes: number,
  rows: number,
): ArchiveFigures {
  return { segments, rows, bytes: segmentBytes + rows * BYTES_PER_ROW };
}

/** Adds up the steps of a compaction, series by series. */
export class CompactionTally {
  #report: CompactionReport = {
    series: 0,
    segmentsBefore: 0,
    segmentsAfter: 0,
    rowsBefore: 0,
    rowsAfter: 0,
    bytesBefore: 0,
    bytesAfter: 0,
  };
  #isChanged = false;

  get report(): CompactionReport {
    return this.#report;
  }

  /** The steps that follow are those of another series. */
  begin(figures: ArchiveFigures): void {
    this.#isChanged = false;
    const { segments, rows, bytes } = figures;
    const before = this.#report;
    this.#report = {
      ...before,
      segmentsBefore: before.segmentsBefore + segments,
      rowsBefore: before.rowsBefore + rows,
      bytesBefore: before.bytesBefore + bytes,
    };
    this.#addAfter(figures, 1);
  }

  add({ removed, added }: CompactionStep): void {
    this.#addAfter(removed, -1);
    this.#addAfter(added, 1);
    if (this.#isChanged || removed.bytes + added.bytes === 0) return;
    this.#isChanged = true;
    this.#report = { ...this.#report, series: this.#report.series + 1 };
  }

  #addAfter({ segments, rows, bytes }: ArchiveFigures, sign: 1 | -1): void {
    const before = this.#report;
    this.#report = {
      ...before,
      segmentsAfter: before.segmentsAfter + sign * segments,
      rowsAfter: before.rowsAfter + sign * rows,
      bytesAfter: before.bytesAfter + sign * bytes,
    };
  }
}
