export * from './assertions.ts';
export * from './capture-uncaught-errors.ts';
export * from './check-model.ts';
export type * from './conformance-harness.ts';
export * from './conformance-suite.ts';
export * from './is-equal.ts';
export { OtherProcess } from './other-process.ts';
export * from './run-conformance.ts';
export * from './scenario-context.ts';
