export { COLUMN_IDS } from './column-ids.ts';
export * from './decode-segment.ts';
export * from './encode-segment.ts';
export * from './find-in-segment.ts';
export type { KernelName } from './kernel/kernel.ts';
export { xxh32 } from './kernel/xxh32.ts';
export { DEFAULT_SEGMENT_LENGTH, MAX_SEGMENT_LENGTH, SEGMENT_VERSION } from './segment-format.ts';
export { readSegmentHeader, type SegmentHeader } from './segment-header.ts';
