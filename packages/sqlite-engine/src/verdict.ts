interface Verdicts {
  /** Nothing is stored at its timestamp. */
  readonly insert: 1;
  /** A row with other values is. */
  readonly update: 2;
  /** The same values are. */
  readonly keep: 3;
  /** A segment's candle with other values is, and no row. */
  readonly overlay: 4;
}

/** What storing a candle means: bytes, since there is one for each candle of a batch. */
export const VERDICT: Verdicts = Object.freeze({ insert: 1, update: 2, keep: 3, overlay: 4 });

/** How many of the verdicts call for a change. */
export function countChanges(verdicts: Uint8Array): number {
  let changes = 0;
  for (const verdict of verdicts) if (verdict !== VERDICT.keep) changes += 1;
  return changes;
}

/** How many rows there will be more when the changes are written as rows. */
export function countNewRows(verdicts: Uint8Array): number {
  let rows = 0;
  for (const verdict of verdicts) {
    if (verdict === VERDICT.insert || verdict === VERDICT.overlay) rows += 1;
  }
  return rows;
}
