export * from './memory-coordinator.ts';
export * from './memory-router.ts';
