export * from './assertions.ts';
export * from './capture-uncaught-errors.ts';
export type * from './conformance-harness.ts';
export * from './is-equal.ts';
export * from './plan-conformance.ts';
export * from './run-conformance.ts';
export * from './run-scenario.ts';
export type * from './scenario.ts';
export * from './scenario-context.ts';
