import { malformedCursor } from '@barkeep/realtime';

/** Where a replay goes on: the instance that gave it, and the last arrival it had seen. */
export interface ReplayCursor {
  readonly incarnation: string;
  readonly arrival: number;
}

const PATTERN = /^([0-9a-f-]{36}):(0|[1-9]\d{0,15})$/;

export function formatCursor({ incarnation, arrival }: ReplayCursor): string {
  return `${incarnation}:${arrival}`;
}

/** @throws BarkeepError `INVALID_INPUT` when no instance has given such a text. */
export function parseCursor(text: string): ReplayCursor {
  const [, incarnation, arrival] = PATTERN.exec(text) ?? [];
  if (incarnation === undefined || arrival === undefined) throw malformedCursor(text);
  return { incarnation, arrival: Number(arrival) };
}
