export type * from './market-event.ts';
export * from './memory-coordinator.ts';
export * from './memory-router.ts';
