export * from './abstract-smart-router.ts';
export type * from './market-data-coordinator.ts';
export type * from './router-event.ts';
export * from './sift-router-event.ts';
export type * from './smart-router.ts';
export * from './validate-router-event.ts';
