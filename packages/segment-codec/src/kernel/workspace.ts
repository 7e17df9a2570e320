import { FRAME_LENGTH, framesOf, MAX_SEGMENT_LENGTH } from '../segment-format.ts';
import type { PatchTables } from './kernel.ts';

/** What the compiled kernel keeps for itself at the start of its memory. */
const KERNEL_BYTES = 4_096;
/** A column begins so far into its region, because the value before its first needs a place too. */
const LEAD = 16;
const COLUMN_BYTES = MAX_SEGMENT_LENGTH * 8 + 128;
const MAX_FRAMES = framesOf(MAX_SEGMENT_LENGTH);
const PAYLOAD_BYTES = MAX_SEGMENT_LENGTH * 20;
const PACKED_BYTES = MAX_SEGMENT_LENGTH * 8 + 128;
const PATCH_BITS_BYTES = MAX_SEGMENT_LENGTH * 4 + 128;
const PLACES_BYTES = MAX_FRAMES * (FRAME_LENGTH / 8);

const column = (index: number): number => KERNEL_BYTES + index * COLUMN_BYTES + LEAD;
const PACKED_AT = KERNEL_BYTES + 6 * COLUMN_BYTES;
const PATCH_BITS_AT = PACKED_AT + PACKED_BYTES;
const TABLES_AT = PATCH_BITS_AT + PATCH_BITS_BYTES;
const BASES_AT = TABLES_AT + 3 * MAX_FRAMES + PLACES_BYTES;
const PAYLOAD_AT = BASES_AT + 8 * MAX_FRAMES;

/** Where a kernel's memory holds what: addresses in bytes. */
export const WORKSPACE: Workspace = Object.freeze({
  values: column(0),
  residuals: column(1),
  open: column(2),
  high: column(3),
  low: column(4),
  close: column(5),
  packed: PACKED_AT,
  tables: Object.freeze({
    patchBitsAt: PATCH_BITS_AT,
    widthsAt: TABLES_AT,
    patchWidthsAt: TABLES_AT + MAX_FRAMES,
    patchCountsAt: TABLES_AT + 2 * MAX_FRAMES,
    placesAt: TABLES_AT + 3 * MAX_FRAMES,
  }),
  bases: BASES_AT,
  payload: PAYLOAD_AT,
  payloadBytes: PAYLOAD_BYTES,
});

/** All of a kernel's memory, in whole pages of WebAssembly. */
export const WORKSPACE_PAGES: number = Math.ceil((PAYLOAD_AT + PAYLOAD_BYTES + 1_024) / 65_536);

export interface Workspace {
  readonly values: number;
  readonly residuals: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly packed: number;
  readonly tables: PatchTables;
  readonly bases: number;
  /** A column of a segment as it is stored. */
  readonly payload: number;
  readonly payloadBytes: number;
}
