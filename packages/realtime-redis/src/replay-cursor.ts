import { malformedCursor } from '@barkeep/realtime';

/** How far a consumer has seen the trades of a symbol. */
export interface ReplayCursor {
  /** Tells one count of arrivals from another, which began after the first was lost. */
  readonly epoch: string;
  /** The number of the last trade that was seen, of those that came in the order of time. */
  readonly arrival: number;
  /** The same of those that came late. */
  readonly late: number;
}

const FORM = /^([0-9a-f]{16}-[rw]\d{1,15}):(\d{1,15}):(\d{1,15})$/;

export function formatCursor({ epoch, arrival, late }: ReplayCursor): string {
  return `${epoch}:${arrival}:${late}`;
}

/** @throws BarkeepError `INVALID_INPUT` when no replay gave it. */
export function parseCursor(cursor: string): ReplayCursor {
  const [, epoch, arrival, late] = FORM.exec(cursor) ?? [];
  if (epoch === undefined) throw malformedCursor(cursor);
  return { epoch, arrival: Number(arrival), late: Number(late) };
}
